"""The documents that edges should hold, and what each edge says of them."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """To the newer schema; the way back is the backup."""
    op.create_table(
        "edge_document",
        sa.Column("edge", sa.String(64), nullable=False),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("who", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("edge", "name", name="pk_edge_document"),
    )
    op.add_column("edge", sa.Column("documents", sa.JSON(), nullable=False, server_default="[]"))
    op.add_column("edge", sa.Column("refused", sa.JSON(), nullable=False, server_default="[]"))
