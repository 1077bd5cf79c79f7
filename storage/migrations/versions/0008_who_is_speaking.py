"""Who is speaking, until when they can be answered; one post of two sources; webhooks.

Everything is added, so a worker of the version before runs on.
"""

import sqlalchemy as sa
from alembic import op

from storage.tables import Id, Moment

revision = "0008"
down_revision = "0007"

FEW = ("address", "warn_at")  # what only some mentions have
UNOPENED = sa.text("opened_at IS NULL")


def upgrade() -> None:
    for table, columns in _columns().items():
        for column in columns:
            op.add_column(table, column)
    for name in FEW:
        only = sa.text(f"{name} IS NOT NULL")
        op.create_index(
            f"ix_mentions_{name}", "mentions", [name], sqlite_where=only, postgresql_where=only
        )
    op.create_table(
        "inbox",
        sa.Column("id", Id, nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("body", sa.LargeBinary()),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("opened_at", Moment()),
        sa.PrimaryKeyConstraint("id", name="pk_inbox"),
        sa.UniqueConstraint("account", "key", name="uq_inbox_account_key"),
    )
    op.create_index(
        "ix_inbox_unopened",
        "inbox",
        ["account", "id"],
        sqlite_where=UNOPENED,
        postgresql_where=UNOPENED,
    )


def downgrade() -> None:
    op.drop_table("inbox")
    for name in FEW:
        op.drop_index(f"ix_mentions_{name}", "mentions")
    for table, columns in _columns().items():
        with op.batch_alter_table(table) as batch:
            for column in columns:
                batch.drop_column(column.name)


def _columns() -> dict[str, list[sa.Column[object]]]:
    return {
        "customers": [
            sa.Column("verified", sa.Boolean()),
            sa.Column("since", Moment()),
            sa.Column("place", sa.Text()),
            sa.Column("speaks", sa.Text()),
            sa.Column("website", sa.Text()),
            sa.Column("seen_at", Moment()),
        ],
        "mentions": [
            sa.Column("reply_by", Moment()),
            sa.Column("warn_at", Moment()),
            sa.Column("rating", sa.Integer()),
            sa.Column("address", sa.Text()),
            sa.Column("same_as", Id),
        ],
    }
