"""For which address passkeys are, and that no nonsense gets past their ceremony."""

import hashlib

import cbor2
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cloud.factors.ceremony import challenge_of, made, signed
from cloud.factors.party import Party, party_of
from tests.cloud.factors.authenticator import AT, UP, UV, Key, b64

HALONG = "https://den.halong.example"


@pytest.mark.parametrize(
    ("console", "scheme", "host", "party"),
    [
        (None, "http", "localhost:8080", Party("localhost", "http://localhost:8080")),
        (None, "https", "localhost:443", Party("localhost", "https://localhost")),
        (None, "http", "127.0.0.1:8080", None),
        (None, "https", "den.halong.example", None),  # nobody has said that this is the console's name
        (None, "http", "localhost.evil.example", None),
        (None, "http", "localhost:port", None),
        (None, "http", "", None),
        ("http://127.0.0.1:8080", "http", "localhost:8080", Party("localhost", "http://localhost:8080")),
        ("https://localhost:8443", "https", "localhost:8443", Party("localhost", "https://localhost:8443")),
        (HALONG, "https", "den.halong.example", Party("den.halong.example", HALONG)),
        (f"{HALONG}:443/", "https", "DEN.halong.example:443", Party("den.halong.example", HALONG)),
        (f"{HALONG}:8443", "https", "den.halong.example:8443", Party("den.halong.example", f"{HALONG}:8443")),
        (HALONG, "https", "evil.example", None),
        (HALONG, "http", "localhost:8080", None),
        ("http://den.halong.example", "http", "den.halong.example", None),  # browsers want HTTPS
        ("https://10.0.0.7", "https", "10.0.0.7", None),
        ("https://[::1]:8443", "http", "localhost:8080", Party("localhost", "http://localhost:8080")),
    ],
)
def test_passkeys_are_for_the_console_s_own_address(
    console: str | None, scheme: str, host: str, party: Party | None
) -> None:
    assert party_of(console, scheme, host) == party


_HERE, _TICKET, _ID = Party("localhost", "http://localhost:1"), "ticket", b64(b"key")
_NAMED = {"id": _ID, "rawId": _ID, "type": "public-key"}
_CLIENT = b'{"type": "webauthn.%s", "challenge": "' + b64(challenge_of(_TICKET)).encode() + b'", "origin": "%s"}'
_COSE = Key("localhost", b"").cose()


@given(client=st.binary(), data=st.binary(), signature=st.binary(), handle=st.binary(), public=st.binary())
@example(client=b"[" * 5000, data=b"", signature=b"", handle=b"", public=b"")
def test_nonsense_is_no_signature(client: bytes, data: bytes, signature: bytes, handle: bytes, public: bytes) -> None:
    """Nor does any of it get past the ceremony as an error of ours."""
    right = _CLIENT % (b"get", _HERE.origin.encode())
    near = hashlib.sha256(b"localhost").digest() + bytes([UP | UV]) + bytes(4)
    for told_, said in ((client, data), (right, data), (right, near), (right, near + data)):
        response = {"clientDataJSON": b64(told_), "authenticatorData": b64(said), "signature": b64(signature)}
        credential = {**_NAMED, "response": {**response, "userHandle": b64(handle)}}
        assert signed(_HERE, _TICKET, credential, public) is None
        assert signed(_HERE, _TICKET, credential, _COSE) is None


@given(
    client=st.binary(), attestation=st.binary(), kept=st.binary(), fmt=st.sampled_from(["none", "packed", "tpm", "x"])
)
def test_nonsense_is_no_new_key(client: bytes, attestation: bytes, kept: bytes, fmt: str) -> None:
    right = _CLIENT % (b"create", _HERE.origin.encode())
    data = hashlib.sha256(b"localhost").digest() + bytes([UP | UV | AT]) + bytes(4 + 16) + kept
    near = cbor2.dumps({"fmt": fmt, "attStmt": {}, "authData": data})
    for told_, attested in ((client, attestation), (right, attestation), (right, near)):
        response = {"clientDataJSON": b64(told_), "attestationObject": b64(attested)}
        assert made(_HERE, _TICKET, {**_NAMED, "response": response}) is None
