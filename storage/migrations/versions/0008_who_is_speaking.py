"""Who is speaking, until when they can be answered, and how many stars they gave.

Everything is added, so a worker of the version before runs on.
"""

import sqlalchemy as sa
from alembic import op

from storage.tables import Moment

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    for table, columns in _columns().items():
        for column in columns:
            op.add_column(table, column)


def downgrade() -> None:
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
            sa.Column("rating", sa.Integer()),
        ],
    }
