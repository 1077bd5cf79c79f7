"""Clocks know working time: what is owed, pauses, promises, claims that let go, and verdicts.

Old conversations have no journal and no verdicts: nobody wrote them down at the time. Everything is
added, so a worker of the version before runs on.
"""

from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from alembic import op

from storage.tables import Id, Moment, Pauses, Words

revision = "0002"
down_revision = "0001"

INDEXES = {
    "claimed_until": sa.text("state = 'claimed'"),
    "redraw_at": sa.text("state IN ('waiting', 'claimed', 'replying')"),
}


def upgrade() -> None:
    for table, columns in _columns().items():
        for column in columns:
            op.add_column(table, column)
    _fill()
    for indexed, where in INDEXES.items():
        op.create_index(
            f"ix_conversations_{indexed}",
            "conversations",
            [indexed],
            sqlite_where=where,
            postgresql_where=where,
        )
    _journal()
    _verdicts()
    op.create_table(
        "policies",
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("team", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("since", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("fingerprint", name="pk_policies"),
    )
    op.create_table(
        "days",
        sa.Column("team", sa.Text(), nullable=False),
        sa.Column("opened_at", Moment(), nullable=False),
        sa.Column("closed_at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("team", name="pk_days"),
    )
    op.create_table(
        "schedules",
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("text", sa.Text()),
        sa.Column("fetched_at", Moment()),
        sa.Column("trouble", sa.Text()),
        sa.Column("failing_since", Moment()),
        sa.PrimaryKeyConstraint("address", name="pk_schedules"),
    )


def downgrade() -> None:
    for table in ("schedules", "days", "policies", "verdicts", "journal"):
        op.drop_table(table)
    for indexed in INDEXES:
        op.drop_index(f"ix_conversations_{indexed}", "conversations")
    for table, columns in _columns().items():
        with op.batch_alter_table(table) as batch:
            for column in columns:
                batch.drop_column(column.name)


def _fill() -> None:
    """What was answered has been answered; whoever holds a claim begins to hold it now."""
    moments = [sa.column(name, Moment()) for name in ("answered_at", "closed_at", "held_since")]
    known = sa.table("conversations", sa.column("state", sa.Text()), *moments)
    answered = known.update().where(known.c.state == "answered")
    op.execute(answered.values(answered_at=known.c.closed_at))
    claimed = known.update().where(known.c.state == "claimed")
    op.execute(claimed.values(held_since=datetime.now(UTC)))


def _journal() -> None:
    op.create_table(
        "journal",
        sa.Column("id", Id, nullable=False),
        sa.Column("conversation", Id, nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("how", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_journal"),
        sa.ForeignKeyConstraint(
            ["conversation"], ["conversations.id"], name="fk_journal_conversation_conversations"
        ),
    )
    op.create_index("ix_journal_conversation", "journal", ["conversation"])
    op.create_index("ix_journal_at", "journal", ["at"])


def _verdicts() -> None:
    op.create_table(
        "verdicts",
        sa.Column("id", Id, nullable=False),
        sa.Column("conversation", Id, nullable=False),
        sa.Column("team", sa.Text(), nullable=False),
        sa.Column("owed", sa.Text(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("since", Moment(), nullable=False),
        sa.Column("due_at", Moment()),
        sa.Column("ended_at", Moment(), nullable=False),
        sa.Column("how", sa.Text(), nullable=False),
        sa.Column("by", sa.Text()),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("response", sa.BigInteger(), nullable=False),
        sa.Column("worked", sa.BigInteger(), nullable=False),
        sa.Column("late", sa.BigInteger(), nullable=False),
        sa.Column("overrun", sa.BigInteger(), nullable=False),
        sa.Column("nags", sa.Integer(), nullable=False),
        sa.Column("called", Words(), nullable=False),
        sa.Column("pauses", Pauses(), nullable=False),
        sa.Column("policy", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_verdicts"),
        sa.ForeignKeyConstraint(
            ["conversation"], ["conversations.id"], name="fk_verdicts_conversation_conversations"
        ),
    )
    op.create_index("ix_verdicts_conversation", "verdicts", ["conversation"])
    op.create_index("ix_verdicts_ended_at", "verdicts", ["ended_at"])


def _columns() -> dict[str, list[sa.Column[Any]]]:
    """What is added, made anew for each run."""
    return {
        "conversations": [
            sa.Column("language", sa.Text()),
            sa.Column("tags", Words()),
            sa.Column("held_since", Moment()),
            sa.Column("claimed_until", Moment()),
            sa.Column("waits", sa.Boolean(), nullable=False, server_default=sa.true()),
            sa.Column("thanks", sa.Boolean(), nullable=False, server_default=sa.false()),
            sa.Column("owed", sa.Text(), nullable=False, server_default="first answer"),
            sa.Column("imminent_at", Moment()),
            sa.Column("pauses", Pauses()),
            sa.Column("snoozed_by", sa.Text()),
            sa.Column("until_they_write", sa.Boolean(), nullable=False, server_default=sa.false()),
            sa.Column("answered_at", Moment()),
            sa.Column("verdict", sa.Text()),
            sa.Column("promised_at", Moment()),
            sa.Column("promised_for", Moment()),
            sa.Column("promised_by", sa.Text()),
            sa.Column("redraw_at", Moment()),
            sa.Column("nag", sa.Text()),
            sa.Column("nag_says", sa.Text()),
            sa.Column("unsaid_until", Moment()),
        ],
        "customers": [sa.Column("tags", Words())],
        "replies": [sa.Column("promised_for", Moment())],
    }
