"""What each person proves himself with besides the password. No code and no key of a person stands here readable."""

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from cloud.database import Base


class TotpRow(Base):
    """The secret of an authenticator app, sealed (`vault.py`). Without `since` no code of it has been seen yet.

    `last_step` is the newest half minute whose code was used: none of it or before is taken again. Wall time.
    """

    __tablename__ = "totp"

    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), primary_key=True)
    sealed: Mapped[str] = mapped_column(String(300))
    since: Mapped[datetime | None]
    last_step: Mapped[int]


class RecoveryRow(Base):
    """A recovery code that has not been used: its SHA-256."""

    __tablename__ = "recovery_code"

    code_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), index=True)


class PasskeyRow(Base):
    """A key that stays in a phone, a computer or a stick; here is its public half (COSE).

    `id` is the start of the SHA-256 of `credential_id` (base64url). Times are wall time.
    """

    __tablename__ = "passkey"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), index=True)
    credential_id: Mapped[str] = mapped_column(String(1400))
    public_key: Mapped[bytes]
    sign_count: Mapped[int] = mapped_column(BigInteger)
    name: Mapped[str] = mapped_column(String(60))
    added_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
