"""What stands on a phone and on paper, and how little of it stands in the registry."""

import stat
from pathlib import Path

import pyotp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud.database import Database
from cloud.factors import recovery, store, totp
from cloud.factors.vault import BadKey, ensure_vault
from cloud.people.store import has_factor
from cloud.people.tables import PersonRow
from tests.cloud.clocks import EVENING
from tests.cloud.factors.ways import STEP_S

SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"  # of RFC 6238, appendix B


@given(at=st.integers(60, 2**31), off=st.integers(-3, 3))
def test_a_code_names_its_half_minute_or_none(at: int, off: int) -> None:
    """The step is the number of half minutes since 1970. Two steps may share a code by chance."""
    code, now = pyotp.TOTP(SECRET).generate_otp(max(0, at // STEP_S + off)), at // STEP_S
    near = [step for step in (now - 1, now, now + 1) if pyotp.TOTP(SECRET).generate_otp(step) == code]
    assert totp.step_of(SECRET, code, at) == max(near, default=None)


@pytest.mark.parametrize(("at", "code"), [(59, "287082"), (1_111_111_109, "081804"), (20_000_000_000, "353130")])
def test_codes_are_those_of_the_standard(at: int, code: str) -> None:
    """RFC 6238, appendix B, SHA-1; the last six of its eight digits."""
    assert totp.step_of(SECRET, code, at) == at // STEP_S


def test_however_a_recovery_code_is_typed_it_is_the_same() -> None:
    code = recovery.new_codes()[0]
    assert recovery.hash_of(code) == recovery.hash_of(f" {code.replace('-', ' ').upper()} ")


def test_a_secret_is_opened_with_its_own_key_alone(tmp_path: Path) -> None:
    here, elsewhere = ensure_vault(tmp_path / "here.key"), ensure_vault(tmp_path / "elsewhere.key")
    sealed = here.seal("a secret")
    assert "a secret" not in sealed
    assert (here.open(sealed), elsewhere.open(sealed)) == ("a secret", None)
    assert ensure_vault(tmp_path / "here.key").open(sealed) == "a secret"
    assert stat.S_IMODE((tmp_path / "here.key").stat().st_mode) == 0o600


def test_what_is_no_key_is_named(tmp_path: Path) -> None:
    (tmp_path / "factors.key").write_text("no key")
    with pytest.raises(BadKey, match=r"factors\.key: this is no key"):
        ensure_vault(tmp_path / "factors.key")


async def test_what_is_used_up_is_used_up_in_either_database(registry: str) -> None:
    database = Database(registry)
    person = PersonRow(username="lan", display_name="Lan", language="vi", password_hash="x")
    async with database.write() as session:
        session.add(person)
        await session.flush()
        await store.put_totp(session, person.id, "sealed")
        await store.put_totp(session, person.id, "sealed anew")
        await store.put_recovery(session, person.id, ["a", "b"])
        steps = [await store.use_step(session, person.id, step) for step in (7, 7, 6, 8)]
        codes = [await store.use_recovery(session, who, "a") for who in (person.id + 1, person.id, person.id)]
        assert (await store.load_held(session, person.id)).kinds == []  # no code of the app was seen yet
        before = await has_factor(session, person.id)
        await store.start_totp(session, person.id, EVENING)
        after = await has_factor(session, person.id)
        held = await store.load_held(session, person.id)
        await store.forget(session, person.id)
        nothing = await store.load_held(session, person.id)
    await database.close()
    assert (steps, codes) == ([True, False, False, True], [False, True, False])
    assert (before, after) == (False, True)
    assert (held.kinds, held.recovery_left, held.totp_since) == (["totp", "recovery"], 1, EVENING)
    assert (nothing.kinds, nothing.recovery_left) == ([], 0)
