"""Sessions that end when nobody uses them, devices that are known, forgotten passwords, and tokens of machines.

A session from before has no idle end until it is used once more.
"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    """To the newer schema; the way back is the backup."""
    op.add_column("person", sa.Column("email", sa.String(254), nullable=True))
    op.add_column("session", sa.Column("seen_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("session", sa.Column("idle_until", sa.DateTime(timezone=True), nullable=True))
    op.create_table(
        "known_device",
        _person("known_device"),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("person_id", "name", name="pk_known_device"),
    )
    op.create_table(
        "password_reset",
        sa.Column("token_hash", sa.String(64), nullable=False),
        _person("password_reset"),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("token_hash", name="pk_password_reset"),
    )
    op.create_index("ix_password_reset_person_id", "password_reset", ["person_id"])
    op.create_table(
        "machine_token",
        sa.Column("id", sa.String(16), nullable=False),
        sa.Column("token_hash", sa.String(64), nullable=False),
        _person("machine_token"),
        sa.Column("name", sa.String(32), nullable=False),
        sa.Column("grants", sa.JSON(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_machine_token"),
    )
    op.create_index("ix_machine_token_person_id", "machine_token", ["person_id"])


def _person(table: str) -> "sa.Column[int]":
    key = sa.ForeignKey("person.id", name=f"fk_{table}_person_id_person", ondelete="CASCADE")
    return sa.Column("person_id", sa.Integer(), key, nullable=False)
