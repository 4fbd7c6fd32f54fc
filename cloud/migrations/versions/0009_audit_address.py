"""Where an act came from, beside who and what. Rows that are there stay as they are, and so do their hashes."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """To the newer schema; the way back is the backup."""
    op.add_column("audit", sa.Column("address", sa.String(64), nullable=True))
