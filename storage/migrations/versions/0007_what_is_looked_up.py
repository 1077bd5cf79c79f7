"""What is looked up: the most urgent of a team, who has none, a lane with its dead letters.

Nothing but indexes. Two take the place of narrower ones: a worker of the version before finds by
them whatever it found by those.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

Indexes = dict[str, tuple[str, Sequence[str], str]]

UNSETTLED = "state IN ('waiting', 'claimed', 'replying')"
URGENCY = ["team", "due_at", "waiting_since", "id"]
NEW: Indexes = {
    "ix_conversations_urgency": ("conversations", URGENCY, UNSETTLED),
    "ix_conversations_unclaimed": ("conversations", ["team"], f"owner IS NULL AND {UNSETTLED}"),
    "ix_outbox_unfinished_lane": ("outbox", ["lane", "id"], "done_at IS NULL"),
}
OLD: Indexes = {
    "ix_conversations_unsettled": ("conversations", ["team", "due_at"], UNSETTLED),
    "ix_outbox_lane": ("outbox", ["lane", "id"], "done_at IS NULL AND dead_at IS NULL"),
}


def upgrade() -> None:
    _create(NEW)
    _drop(OLD)


def downgrade() -> None:
    _create(OLD)
    _drop(NEW)


def _create(indexes: Indexes) -> None:
    for name, (table, columns, where) in indexes.items():
        only = sa.text(where)
        op.create_index(name, table, columns, sqlite_where=only, postgresql_where=only)


def _drop(indexes: Indexes) -> None:
    for name, (table, _, _) in indexes.items():
        op.drop_index(name, table)
