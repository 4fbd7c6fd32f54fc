"""What an edge shows to fetch its documents: a token that nobody chose, of which the cloud keeps only the SHA-256."""

import hashlib
from collections.abc import Sequence
from pathlib import Path

from haidang.demo.secrets import secret, write_private

FILE = "secrets/edge-tokens"  # in the cloud's data folder


def tokens(edges: Sequence[str], data: Path) -> None:
    """Make the tokens that are not there yet, beside each edge's configuration, and tell the cloud of all of them."""
    own = data / "edges" / "secrets"
    known = {edge: hashlib.sha256(secret(own, f"{edge}.token").encode()).hexdigest() for edge in edges}
    (data / FILE).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_private(data / FILE, "".join(f"{edge}:{digest}\n" for edge, digest in known.items()))
