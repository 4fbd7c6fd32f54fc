"""Where an act came from, beside who and what; and the signed heads of the audit log, which only grow like it.

Rows of the log that are there stay as they are, and so do their hashes.
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"

_REFUSE_SQLITE = """
CREATE TRIGGER audit_head_no_{verb} BEFORE {verb} ON audit_head
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END
"""
_REFUSE_POSTGRESQL = """
CREATE TRIGGER audit_head_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_head
FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse()
"""


def upgrade() -> None:
    """To the newer schema; the way back is the backup."""
    op.add_column("audit", sa.Column("address", sa.String(64), nullable=True))
    op.create_table(
        "audit_head",
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("site", sa.String(64), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("key", sa.String(64), nullable=False),
        sa.Column("signature", sa.String(128), nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_audit_head"),
    )
    on_postgresql = op.get_bind().dialect.name == "postgresql"
    statements = (
        [_REFUSE_POSTGRESQL] if on_postgresql else [_REFUSE_SQLITE.format(verb=v) for v in ("UPDATE", "DELETE")]
    )
    for statement in statements:
        op.execute(statement)
