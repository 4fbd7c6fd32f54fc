"""Accounts at providers in the registry."""

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from cloud.people.tables import PersonRow
from cloud.sso.tables import IdentityRow


async def find_linked(session: AsyncSession, issuer: str, subject: str) -> PersonRow | None:
    """The person whom an account is known to be of."""
    wanted = select(PersonRow).join(IdentityRow)
    return await session.scalar(wanted.where(IdentityRow.issuer == issuer, IdentityRow.subject == subject))


async def has_account(session: AsyncSession, issuer: str, person_id: int) -> bool:
    """True when another account of this provider is known to be a person's."""
    wanted = select(IdentityRow.subject).where(IdentityRow.issuer == issuer, IdentityRow.person_id == person_id)
    return await session.scalar(wanted.limit(1)) is not None


async def find_by_email(session: AsyncSession, address: str) -> PersonRow | None:
    """The one person with an address; `None` also when several have it."""
    found = (await session.scalars(select(PersonRow).where(func.lower(PersonRow.email) == address).limit(2))).all()
    return found[0] if len(found) == 1 else None
