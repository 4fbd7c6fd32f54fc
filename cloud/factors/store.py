"""Second factors in the registry. What is used up is used up in the statement that finds it: never twice."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import CursorResult, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.sql.dml import UpdateBase

from cloud.database import upsert
from cloud.factors.tables import PasskeyRow, RecoveryRow, TotpRow


@dataclass(frozen=True, slots=True)
class Held:
    """What a person has. An authenticator app counts once a code of it was seen."""

    totp_since: datetime | None
    recovery_left: int
    passkeys: Sequence[PasskeyRow]

    @property
    def kinds(self) -> list[str]:
        """What may be asked for at the log-in; empty for who has none, because recovery codes alone are no factor."""
        if self.totp_since is None and not self.passkeys:
            return []
        has = {"totp": self.totp_since is not None, "recovery": self.recovery_left > 0, "passkey": bool(self.passkeys)}
        return [kind for kind, is_there in has.items() if is_there]


async def load_held(session: AsyncSession, person_id: int) -> Held:
    """What a person has, passkeys by age."""
    totp = await load_totp(session, person_id)
    left = await session.scalar(select(func.count()).where(RecoveryRow.person_id == person_id))
    keys = await session.scalars(
        select(PasskeyRow).where(PasskeyRow.person_id == person_id).order_by(PasskeyRow.added_at, PasskeyRow.id)
    )
    return Held(totp.since if totp else None, left or 0, keys.all())


async def load_totp(session: AsyncSession, person_id: int) -> TotpRow | None:
    """A person's authenticator app."""
    return await session.get(TotpRow, person_id)


async def put_totp(session: AsyncSession, person_id: int, sealed: str) -> None:
    """A secret of which no code has been seen, instead of the one before."""
    await upsert(session, TotpRow, [{"person_id": person_id, "sealed": sealed, "since": None, "last_step": 0}])


async def use_step(session: AsyncSession, person_id: int, step: int) -> bool:
    """True when no code of this half minute or a later one was used before."""
    newer = update(TotpRow).where(TotpRow.person_id == person_id, TotpRow.last_step < step)
    return await _changes_one(session, newer.values(last_step=step))


async def start_totp(session: AsyncSession, person_id: int, since: datetime) -> None:
    """From now on a code is asked for."""
    await session.execute(update(TotpRow).where(TotpRow.person_id == person_id).values(since=since))


async def end_totp(session: AsyncSession, person_id: int) -> None:
    """Ask for no more codes."""
    await session.execute(delete(TotpRow).where(TotpRow.person_id == person_id))


async def put_recovery(session: AsyncSession, person_id: int, hashes: Iterable[str]) -> None:
    """These recovery codes instead of those before."""
    await session.execute(delete(RecoveryRow).where(RecoveryRow.person_id == person_id))
    session.add_all(RecoveryRow(code_hash=code_hash, person_id=person_id) for code_hash in hashes)
    await session.flush()


async def use_recovery(session: AsyncSession, person_id: int, code_hash: str) -> bool:
    """True when it was one of this person's; from now on it is not."""
    mine = delete(RecoveryRow).where(RecoveryRow.code_hash == code_hash, RecoveryRow.person_id == person_id)
    return await _changes_one(session, mine)


async def forget_useless(session: AsyncSession, person_id: int) -> None:
    """Recovery codes of who has nothing left to recover from."""
    if not (await load_held(session, person_id)).kinds:
        await put_recovery(session, person_id, ())


async def forget(session: AsyncSession, person_id: int) -> None:
    """Everything but the password."""
    for table in (TotpRow, RecoveryRow, PasskeyRow):
        await session.execute(delete(table).where(table.person_id == person_id))


async def _changes_one(session: AsyncSession, statement: UpdateBase) -> bool:
    result = await session.execute(statement)
    return isinstance(result, CursorResult) and result.rowcount == 1
