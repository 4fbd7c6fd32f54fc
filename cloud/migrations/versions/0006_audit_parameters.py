"""What exactly an act was, beside its result. Rows that are there stay as they are, and so do their hashes."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """To the newer schema; the way back is the backup."""
    op.add_column("audit", sa.Column("parameters", sa.Text(), nullable=True))
