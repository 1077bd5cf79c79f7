"""Working from Slack: approvals, long answers, saved replies, merges, notes, follow-ups, audit.

Everything is added, so a worker of the version before runs on. What is in `audit` can't be changed
or deleted, by anybody: the database itself refuses.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

from storage.tables import Id, Moment

revision = "0003"
down_revision = "0002"

NEW = (
    "receipts",
    "team_files",
    "pictures",
    "shown",
    "audit",
    "merges",
    "follow_ups",
    "notes",
    "saved_views",
    "people",
    "saved_replies",
    "amendments",
    "parts",
)
INDEXES = {
    "ix_customers_person": ("customers", "person"),
    "ix_replies_author": ("replies", "author"),
}
REFUSE = "Rows of audit are only ever added."


def upgrade() -> None:
    for table, columns in _columns().items():
        for column in columns:
            op.add_column(table, column)
    for name, (table, column_name) in INDEXES.items():
        op.create_index(name, table, [column_name])
    _answers()
    _customers()
    _memory()
    _settings()
    _only_add()


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP TRIGGER audit_only_add ON audit")
        op.execute("DROP FUNCTION audit_only_add")
    for table in NEW:
        op.drop_table(table)
    for name, (table, _) in INDEXES.items():
        op.drop_index(name, table)
    for table, columns in _columns().items():
        with op.batch_alter_table(table) as batch:
            for column in columns:
                batch.drop_column(column.name)


def _only_add() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE FUNCTION audit_only_add() RETURNS trigger LANGUAGE plpgsql AS"
            f" $$ BEGIN RAISE EXCEPTION '{REFUSE}'; END $$"
        )
        op.execute(
            "CREATE TRIGGER audit_only_add BEFORE UPDATE OR DELETE ON audit"
            " FOR EACH ROW EXECUTE FUNCTION audit_only_add()"
        )
        return
    for what in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER audit_no_{what.lower()} BEFORE {what} ON audit"
            f" BEGIN SELECT RAISE(ABORT, '{REFUSE}'); END"
        )


def _answers() -> None:
    op.create_table(
        "parts",
        sa.Column("reply", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("sent_key", sa.Text()),
        sa.Column("url", sa.Text()),
        sa.Column("sent_at", Moment()),
        sa.PrimaryKeyConstraint("reply", "number", name="pk_parts"),
        sa.ForeignKeyConstraint(["reply"], ["replies.key"], name="fk_parts_reply_replies"),
    )
    op.create_index("ix_parts_sent_key", "parts", ["sent_key"])
    op.create_table(
        "amendments",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("reply", sa.Text(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("done_at", Moment()),
        sa.Column("refused", sa.Text()),
        sa.PrimaryKeyConstraint("key", name="pk_amendments"),
        sa.ForeignKeyConstraint(["reply"], ["replies.key"], name="fk_amendments_reply_replies"),
    )
    op.create_index("ix_amendments_reply", "amendments", ["reply"])
    op.create_table(
        "saved_replies",
        sa.Column("id", Id, nullable=False),
        sa.Column("team", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_saved_replies"),
        sa.UniqueConstraint("team", "language", "name", name="uq_saved_replies_team_language_name"),
    )
    op.create_table(
        "people",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("signature", sa.Text()),
        sa.PrimaryKeyConstraint("id", name="pk_people"),
    )


def _customers() -> None:
    op.create_table(
        "notes",
        sa.Column("id", Id, nullable=False),
        sa.Column("customer", Id, nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_notes"),
        sa.ForeignKeyConstraint(["customer"], ["customers.id"], name="fk_notes_customer_customers"),
    )
    op.create_index("ix_notes_customer", "notes", ["customer"])
    op.create_table(
        "follow_ups",
        sa.Column("id", Id, nullable=False),
        sa.Column("conversation", Id, nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("due_at", Moment(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("done_at", Moment()),
        sa.PrimaryKeyConstraint("id", name="pk_follow_ups"),
        sa.ForeignKeyConstraint(
            ["conversation"], ["conversations.id"], name="fk_follow_ups_conversation_conversations"
        ),
    )
    op.create_index("ix_follow_ups_conversation", "follow_ups", ["conversation"])
    op.create_index(
        "ix_follow_ups_due_at",
        "follow_ups",
        ["due_at"],
        sqlite_where=sa.text("done_at IS NULL"),
        postgresql_where=sa.text("done_at IS NULL"),
    )
    op.create_table(
        "merges",
        sa.Column("id", Id, nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("kept", Id, nullable=False),
        sa.Column("absorbed", Id, nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("before", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_merges"),
    )
    op.create_index("ix_merges_what_absorbed", "merges", ["what", "absorbed"])


def _memory() -> None:
    op.create_table(
        "audit",
        sa.Column("id", Id, nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("via", sa.Text(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("conversation", Id),
        sa.Column("about", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_audit"),
    )
    op.create_index("ix_audit_at", "audit", ["at"])
    op.create_index("ix_audit_conversation", "audit", ["conversation"])
    op.create_table(
        "shown",
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("ts", sa.Text(), nullable=False),
        sa.Column("conversation", Id, nullable=False),
        sa.PrimaryKeyConstraint("channel", "ts", "conversation", name="pk_shown"),
        sa.ForeignKeyConstraint(
            ["conversation"], ["conversations.id"], name="fk_shown_conversation_conversations"
        ),
    )
    op.create_index("ix_shown_conversation", "shown", ["conversation"])
    op.create_table(
        "pictures",
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("conversation", Id, nullable=False),
        sa.Column("file", sa.Text()),
        sa.Column("trouble", sa.Text()),
        sa.Column("at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("address", name="pk_pictures"),
        sa.ForeignKeyConstraint(
            ["conversation"], ["conversations.id"], name="fk_pictures_conversation_conversations"
        ),
    )
    op.create_index("ix_pictures_conversation", "pictures", ["conversation"])
    op.create_table(
        "receipts",
        sa.Column("id", Id, nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("what", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_receipts"),
    )


def _settings() -> None:
    op.create_table(
        "saved_views",
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("query", sa.Text(), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("person", "name", name="pk_saved_views"),
    )
    op.create_table(
        "team_files",
        sa.Column("team", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("team", name="pk_team_files"),
    )


def _columns() -> dict[str, list[sa.Column[Any]]]:
    """What is added, made anew for each run."""
    return {
        "conversations": [
            sa.Column("urgent", sa.Boolean(), nullable=False, server_default=sa.false()),
            sa.Column("proposed", sa.Text()),
            sa.Column("escalated_to", sa.Text()),
            sa.Column("merged_into", Id),
        ],
        "customers": [
            sa.Column("person", Id),
            sa.Column("language", sa.Text()),
            sa.Column("timezone", sa.Text()),
            sa.Column("forgotten_at", Moment()),
        ],
        "replies": [
            sa.Column("files", sa.JSON()),
            sa.Column("approved_by", sa.Text()),
            sa.Column("approved_at", Moment()),
            sa.Column("corrected_at", Moment()),
            sa.Column("withdrawn_at", Moment()),
            sa.Column("withdrawn_by", sa.Text()),
        ],
    }
