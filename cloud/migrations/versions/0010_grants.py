"""Roles over areas, and what an administrator needs to know of people and their sessions.

Whoever had a role had it everywhere there was, so it becomes a grant over the province.
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """To the newer schema; the way back is the backup."""
    op.create_table(
        "person_grant",
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("role", sa.String(20), nullable=False),
        sa.Column("area", sa.String(130), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name="fk_person_grant_person_id_person", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("person_id", "role", "area", name="pk_person_grant"),
    )
    op.execute("INSERT INTO person_grant (person_id, role, area) SELECT id, role, '/' FROM person")
    op.drop_column("person", "role")
    op.add_column("person", sa.Column("disabled_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("person", sa.Column("password_until", sa.DateTime(timezone=True), nullable=True))
    op.add_column("session", sa.Column("opened_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("session", sa.Column("address", sa.String(64), nullable=True))
