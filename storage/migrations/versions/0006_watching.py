"""Watching: how far accounts are surely read, who is at work, what ails us.

Everything is added, so a worker of the version before runs on.
"""

import sqlalchemy as sa
from alembic import op

from storage.tables import Moment

revision = "0006"
down_revision = "0005"

NEW = ("ailments", "workers")
CARDLESS = (
    "card IS NULL AND coalesce(digest, 0) = 0 AND kind = 'complaint'"
    " AND state IN ('waiting', 'claimed')"
)
INDEXES = {
    "ix_conversations_cardless": ("conversations", "waiting_since", CARDLESS),
    "ix_outbox_dead": ("outbox", "dead_at", "dead_at IS NOT NULL AND done_at IS NULL"),
}


def upgrade() -> None:
    for column in _columns():
        op.add_column("accounts", column)
    for name, (table, column_name, only) in INDEXES.items():
        where = sa.text(only)
        op.create_index(name, table, [column_name], sqlite_where=where, postgresql_where=where)
    _tables()


def downgrade() -> None:
    for table in NEW:
        op.drop_table(table)
    for name, (table, _, _) in INDEXES.items():
        op.drop_index(name, table)
    with op.batch_alter_table("accounts") as batch:
        for column in _columns():
            batch.drop_column(column.name)


def _columns() -> list[sa.Column[object]]:
    return [
        sa.Column("read_to", Moment()),
        sa.Column("gap", sa.Text()),
        sa.Column("gap_at", Moment()),
    ]


def _tables() -> None:
    op.create_table(
        "workers",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("seen_at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_workers"),
    )
    op.create_table(
        "ailments",
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("worker", sa.Text(), nullable=False),
        sa.Column("since", Moment(), nullable=False),
        sa.Column("seen_at", Moment(), nullable=False),
        sa.Column("told", sa.Text()),
        sa.Column("road", sa.Integer()),
        sa.Column("called", sa.Text()),
        sa.Column("called_at", Moment()),
        sa.PrimaryKeyConstraint("what", "worker", name="pk_ailments"),
    )
