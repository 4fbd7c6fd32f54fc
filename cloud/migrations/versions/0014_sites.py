"""Several cities in one service: an inventory says whose it is, and whether it is in force.

There was one city before, with its highest version in force; its documents say what it is called.
"""

import json

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    """To the newer schema; the way back is the backup."""
    op.add_column("inventory", sa.Column("site", sa.String(64), nullable=False, server_default=""))
    op.add_column("inventory", sa.Column("in_force", sa.Boolean(), nullable=False, server_default=sa.false()))
    inventory = sa.table(
        "inventory",
        sa.column("version", sa.Integer()),
        sa.column("site", sa.String()),
        sa.column("in_force", sa.Boolean()),
        sa.column("document", sa.Text()),
    )
    connection = op.get_bind()
    versions = sorted(connection.scalars(sa.select(inventory.c.version)))
    for version in versions:
        this = inventory.c.version == version
        document = connection.execute(sa.select(inventory.c.document).where(this)).scalar_one()
        site, in_force = json.loads(document)["site"], version == versions[-1]
        connection.execute(sa.update(inventory).where(this).values(site=site, in_force=in_force))
