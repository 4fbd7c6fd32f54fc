"""Of which kind each command is, so that a start finds the lock-outs, which have no end; and how self-tests ended."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    """To the newer schema; the way back is the backup."""
    op.add_column("command", sa.Column("kind", sa.String(20), nullable=True))
    op.create_index("ix_command_kind", "command", ["kind"])
    op.create_table(
        "self_test",
        sa.Column("lamp", sa.String(64), nullable=False),
        sa.Column("edge", sa.String(64), nullable=False),
        sa.Column("tested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("result", sa.String(20), nullable=False),
        sa.Column("why", sa.String(40), nullable=True),
        sa.Column("points", sa.JSON(), nullable=False),
        sa.Column("command", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("lamp", name="pk_self_test"),
    )
    op.create_index("ix_self_test_tested_at", "self_test", ["tested_at"])
