"""What stood in the file of an inventory when it was last read: people may change an inventory without its file.

Every inventory that there is came from its file.
"""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    """To the newer schema; the way back is the backup."""
    op.add_column("inventory", sa.Column("file_hash", sa.String(64), nullable=True))
    inventory = sa.table("inventory", sa.column("hash", sa.String()), sa.column("file_hash", sa.String()))
    op.execute(sa.update(inventory).values(file_hash=inventory.c.hash))
