"""What an edge shows to fetch its documents: a token that nobody chose, of which the cloud keeps only the SHA-256."""

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path

from haidang.demo.secrets import secret, write_private

FILE = "secrets/edge-tokens"  # in the cloud's data folder


def tokens(edges: Mapping[Path, Sequence[str]], data: Path) -> None:
    """Make the tokens that are not there yet, beside each edge's configuration, and tell the cloud of all of them.

    `edges` are those of each city's folder.
    """
    own = {edge: folder / "edges" / "secrets" for folder, some in edges.items() for edge in some}
    (data / FILE).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    tell(data / FILE, {edge: secret(folder, f"{edge}.token") for edge, folder in own.items()})


def tell(file: Path, known: Mapping[str, str]) -> None:
    """Write down for the cloud by which token it knows each edge."""
    lines = [f"{edge}:{hashlib.sha256(token.encode()).hexdigest()}\n" for edge, token in known.items()]
    write_private(file, "".join(lines))
