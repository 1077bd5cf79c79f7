"""Labels' features and lessons tell which weights of triage they belong to, and lessons for which
recall they were made.

Those of before belong to none that serves now: features are worked out again, and lessons are made
anew from them. Nothing that a worker of the version before asks for is gone.
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"

TABLES = ("labels", "lessons")


def upgrade() -> None:
    for table in TABLES:
        version = sa.Column("version", sa.Integer(), nullable=False, server_default=sa.text("0"))
        op.add_column(table, version)
    op.add_column("lessons", sa.Column("recall", sa.Float()))


def downgrade() -> None:
    op.drop_column("lessons", "recall")
    for table in reversed(TABLES):
        op.drop_column(table, "version")
