"""Commands to many lamps, what came with each command, and what a second person was asked for."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    """To the newer schema; the way back is the backup."""
    op.add_column("command", sa.Column("group_id", sa.String(64), nullable=True))
    op.add_column("command", sa.Column("sure", sa.String(20), nullable=True))
    op.create_index("ix_command_group_id", "command", ["group_id"])
    op.create_index("ix_command_who_issued_at", "command", ["who", "issued_at"])
    op.create_table(
        "command_group",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("who", sa.String(200), nullable=False),
        sa.Column("second", sa.String(200), nullable=True),
        sa.Column("reason", sa.String(500), nullable=True),
        sa.Column("targets", sa.JSON(), nullable=False),
        sa.Column("action", sa.JSON(), nullable=False),
        sa.Column("lamps", sa.Integer(), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_command_group"),
    )
    op.create_index("ix_command_group_issued_at", "command_group", ["issued_at"])
    op.create_table(
        "consent",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("who", sa.String(200), nullable=False),
        sa.Column("reason", sa.String(500), nullable=False),
        sa.Column("asked", sa.JSON(), nullable=False),
        sa.Column("wards", sa.Text(), nullable=False),
        sa.Column("lamps", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("second", sa.String(200), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("group_id", sa.String(64), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_consent"),
    )
    op.create_index("ix_consent_asked_at", "consent", ["asked_at"])
    op.create_index("ix_consent_state", "consent", ["state"])
