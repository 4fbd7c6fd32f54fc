"""Passkeys as the standard (WebAuthn) has them: what a browser is asked, and whether its answer is right.

The only file that knows the library. A challenge is what a ticket hashes to, so none has to be remembered.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import UnsupportedAlgorithm
from webauthn import generate_authentication_options, generate_registration_options
from webauthn import verify_authentication_response as verify_assertion
from webauthn import verify_registration_response as verify_attestation
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url, options_to_json_dict
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from cloud.factors.party import Party

_ALWAYS = UserVerificationRequirement.REQUIRED  # a finger, a face or a PIN: who found the phone has nothing yet
# What the library raises, and what it lets through from bytes that are no answer at all.
_WRONG = (
    WebAuthnException,
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
    ArithmeticError,
    RecursionError,
    UnsupportedAlgorithm,
)


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key that was made just now; `public_key` is COSE."""

    credential_id: str
    public_key: bytes
    sign_count: int


def challenge_of(ticket: str) -> bytes:
    """What has to be signed for a ticket."""
    return hashlib.sha256(f"passkey {ticket}".encode()).digest()


def handle_of(person_id: int) -> bytes:
    """How an authenticator knows a person; it says nothing of them."""
    return person_id.to_bytes(8, "big")


def options_to_make(party: Party, ticket: str, person_id: int, name: tuple[str, str], known: Iterable[str]) -> Any:
    """What a browser makes a new key from. `name` is the user name and the shown one; no key of `known` again."""
    return options_to_json_dict(
        generate_registration_options(
            rp_id=party.host,
            rp_name="Haidang",
            user_id=handle_of(person_id),
            user_name=name[0],
            user_display_name=name[1],
            challenge=challenge_of(ticket),
            authenticator_selection=AuthenticatorSelectionCriteria(
                resident_key=ResidentKeyRequirement.REQUIRED, user_verification=_ALWAYS
            ),
            exclude_credentials=_described(known),
        )
    )


def options_to_sign(party: Party, ticket: str, known: Iterable[str]) -> Any:
    """What a browser signs with a key that it has: one of `known`, or any for this party when there are none."""
    return options_to_json_dict(
        generate_authentication_options(
            rp_id=party.host,
            challenge=challenge_of(ticket),
            allow_credentials=_described(known),
            user_verification=_ALWAYS,
        )
    )


def made(party: Party, ticket: str, credential: dict[str, Any]) -> NewKey | None:
    """The new key in a browser's answer; `None` when the answer is wrong."""
    try:
        found = verify_attestation(
            credential=credential,
            expected_challenge=challenge_of(ticket),
            expected_rp_id=party.host,
            expected_origin=party.origin,
            require_user_verification=True,
        )
    except _WRONG:
        return None
    return NewKey(bytes_to_base64url(found.credential_id), found.credential_public_key, found.sign_count)


def signed(party: Party, ticket: str, credential: dict[str, Any], public_key: bytes) -> int | None:
    """How often the key says that it was used, when a browser's answer is signed with it; `None` when it is wrong.

    Whether that number has grown is for the caller to look at: a signature that is right and a number that is not, mean
    that there is a copy of the key.
    """
    try:
        found = verify_assertion(
            credential=credential,
            expected_challenge=challenge_of(ticket),
            expected_rp_id=party.host,
            expected_origin=party.origin,
            credential_public_key=public_key,
            credential_current_sign_count=0,
            require_user_verification=True,
        )
    except _WRONG:
        return None
    return found.new_sign_count


def is_of(person_id: int, handle: str | None) -> bool:
    """True when an answer names this person, or nobody."""
    try:
        return handle is None or base64url_to_bytes(handle) == handle_of(person_id)
    except ValueError:
        return False


def _described(known: Iterable[str]) -> list[PublicKeyCredentialDescriptor]:
    return [PublicKeyCredentialDescriptor(id=base64url_to_bytes(one)) for one in known]
