"""Alarms about people: arrivals are counted; surges and silences; replies that hold somebody.

Everything is added, so a worker of the version before runs on.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

from storage.tables import Id, Moment

revision = "0004"
down_revision = "0003"

SIGNS = (
    "('answered_there', 'approve', 'assign', 'claim', 'dismiss', 'escalate', 'judge',"
    " 'merge_into', 'move', 'no_answer_needed', 'propose', 'rate', 'release', 'renew', 'reply',"
    " 'send_back', 'settle', 'snooze', 'snooze_until_they_write', 'take_over', 'wake')"
)
OPEN = "state IN ('waiting', 'claimed')"


def upgrade() -> None:
    no = sa.false()
    op.add_column(
        "saved_replies", sa.Column("holding", sa.Boolean, nullable=False, server_default=no)
    )
    op.add_column("digests", sa.Column("surge", Id))
    op.create_index("ix_digests_surge", "digests", ["surge"])
    _where("ix_conversations_waiting", "conversations", ["team", "waiting_since"], OPEN)
    _where("ix_journal_signs", "journal", ["at"], f"what IN {SIGNS}")
    _alarms()
    _arrivals()


def downgrade() -> None:
    for table in ("arrivals", "silences", "surges"):
        op.drop_table(table)
    op.drop_index("ix_journal_signs", "journal")
    op.drop_index("ix_conversations_waiting", "conversations")
    op.drop_index("ix_digests_surge", "digests")
    for table, name in (("digests", "surge"), ("saved_replies", "holding")):
        with op.batch_alter_table(table) as batch:
            batch.drop_column(name)


def _where(name: str, table: str, columns: list[str], which: str) -> None:
    only: dict[str, Any] = {"sqlite_where": sa.text(which), "postgresql_where": sa.text(which)}
    op.create_index(name, table, columns, **only)


def _alarms() -> None:
    op.create_table(
        "surges",
        sa.Column("id", Id, nullable=False),
        sa.Column("team", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("began_at", Moment(), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("usual", sa.Float(), nullable=False),
        sa.Column("ended_at", Moment()),
        sa.Column("card", sa.Text()),
        sa.PrimaryKeyConstraint("id", name="pk_surges"),
    )
    op.create_table(
        "silences",
        sa.Column("id", Id, nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("since", Moment(), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("ended_at", Moment()),
        sa.PrimaryKeyConstraint("id", name="pk_silences"),
    )


def _arrivals() -> None:
    op.create_table(
        "arrivals",
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("team", sa.Text(), nullable=False),
        sa.Column("hour", Moment(), nullable=False),
        sa.Column("many", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("account", "at", "team", name="pk_arrivals"),
    )
    op.create_index("ix_arrivals_team_hour", "arrivals", ["team", "hour"])
