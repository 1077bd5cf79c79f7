"""The index of digests holds only what is in one: SQLite took it to look for all that is in none.

Nothing that a worker of the version before asks for is gone.
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"

NAME, TABLE, COLUMNS = "ix_conversations_digest", "conversations", ["digest"]
IN_ONE = sa.text("digest IS NOT NULL")


def upgrade() -> None:
    op.drop_index(NAME, TABLE)
    op.create_index(NAME, TABLE, COLUMNS, sqlite_where=IN_ONE, postgresql_where=IN_ONE)


def downgrade() -> None:
    op.drop_index(NAME, TABLE)
    op.create_index(NAME, TABLE, COLUMNS)
