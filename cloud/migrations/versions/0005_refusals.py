"""Why a command was refused, as a code; the sentences of before stay as its detail."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """To the newer schema; the way back is the backup."""
    op.execute("ALTER TABLE command RENAME COLUMN failure TO detail")
    op.add_column("command", sa.Column("refusal", sa.String(40), nullable=True))
    op.add_column("command", sa.Column("wanted_level", sa.Double(), nullable=True))
    op.add_column("command", sa.Column("waited_s", sa.Double(), nullable=True))
