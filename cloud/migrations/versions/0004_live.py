"""Newest values, alarms and the messages about them."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

_OPEN = sa.text("state != 'cleared'")


def upgrade() -> None:
    """To the newer schema; the way back is the backup."""
    _create_latest()
    _create_episode()
    op.create_table(
        "notice",
        sa.Column("episode_id", sa.String(36), nullable=False),
        sa.Column("recipient", sa.String(200), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["episode_id"], ["episode.id"], name="fk_notice_episode_id_episode"),
        sa.PrimaryKeyConstraint("episode_id", "recipient", name="pk_notice"),
    )
    op.create_index("ix_notice_state_due_at", "notice", ["state", "due_at"])


def _create_latest() -> None:
    op.create_table(
        "latest",
        sa.Column("device", sa.String(64), nullable=False),
        sa.Column("kind", sa.String(64), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("values", sa.JSON(), nullable=False),
        sa.Column("flags", sa.JSON(), nullable=False),
        sa.Column("rules", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("device", name="pk_latest"),
    )
    op.create_table(
        "cursor",
        sa.Column("name", sa.String(20), nullable=False),
        sa.Column("inbox", sa.String(64), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_cursor"),
    )


def _create_episode() -> None:
    op.create_table(
        "episode",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("rule", sa.String(64), nullable=False),
        sa.Column("source", sa.String(64), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("raised_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("returned_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("acked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("acked_by", sa.String(200), nullable=True),
        sa.Column("comment", sa.String(500), nullable=True),
        sa.Column("cleared_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("title", sa.JSON(), nullable=False),
        sa.Column("place", sa.JSON(), nullable=False),
        sa.Column("reason", sa.JSON(), nullable=False),
        sa.Column("advice", sa.JSON(), nullable=False),
        sa.Column("longitude", sa.Double(), nullable=False),
        sa.Column("latitude", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_episode"),
    )
    op.create_index("ix_episode_raised_at", "episode", ["raised_at"])
    op.create_index(
        "uq_episode_open", "episode", ["rule", "source"], unique=True, sqlite_where=_OPEN, postgresql_where=_OPEN
    )
