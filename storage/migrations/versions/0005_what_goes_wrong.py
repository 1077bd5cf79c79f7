"""What goes wrong for good: steps that fail for one conversation, cards of a time that was lost.

Only tables are added, so a worker of the version before runs on.
"""

import sqlalchemy as sa
from alembic import op

from storage.tables import Id, Moment

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.create_table(
        "stumbles",
        sa.Column("step", sa.Text(), nullable=False),
        sa.Column("conversation", Id, nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("problem", sa.Text(), nullable=False),
        sa.Column("until", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("step", "conversation", name="pk_stumbles"),
        sa.ForeignKeyConstraint(
            ["conversation"], ["conversations.id"], name="fk_stumbles_conversation_conversations"
        ),
    )
    op.create_table(
        "remembered",
        sa.Column("mention", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("card", sa.Text(), nullable=False),
        sa.Column("number", Id, nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("mention", name="pk_remembered"),
    )


def downgrade() -> None:
    op.drop_table("remembered")
    op.drop_table("stumbles")
