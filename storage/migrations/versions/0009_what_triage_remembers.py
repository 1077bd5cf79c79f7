"""What triage made of each mention, and what it is taught.

Everything is added, so a worker of the version before runs on.
"""

import sqlalchemy as sa
from alembic import op

from storage.tables import EMPTY, Id, Moment

revision = "0009"
down_revision = "0008"

NEW = ("guesses", "labels", "lessons", "samples")
BESIDE = ("lane", "severity", "aside")
ASIDE = sa.text("aside <> '' AND digest IS NULL AND card IS NULL")
ALIKE = sa.text("words <> ''")


def upgrade() -> None:
    for name in BESIDE:
        op.add_column(
            "conversations", sa.Column(name, sa.Text(), nullable=False, server_default=EMPTY)
        )
    op.create_index(
        "ix_conversations_aside",
        "conversations",
        ["team"],
        sqlite_where=ASIDE,
        postgresql_where=ASIDE,
    )
    op.add_column(
        "digests", sa.Column("daily", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    op.create_table(
        "guesses",
        *_of_a_mention("guesses"),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("lane", sa.Text(), nullable=False),
        sa.Column("because", sa.Text(), nullable=False),
        sa.Column("complaint", sa.Float()),
        sa.Column("needs_answer", sa.Float()),
        sa.Column("severity", sa.Text()),
        sa.Column("manner", sa.Text(), nullable=False),
        sa.Column("language", sa.Text()),
        sa.Column("similar", sa.Text(), nullable=False),
        sa.Column("thanks", sa.Boolean(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False, server_default=EMPTY),
        sa.Column("at", Moment(), nullable=False),
    )
    op.create_index(
        "ix_guesses_words",
        "guesses",
        ["words", "at"],
        sqlite_where=ALIKE,
        postgresql_where=ALIKE,
    )
    op.create_table(
        "labels",
        *_of_a_mention("labels"),
        sa.Column("team", sa.Text(), nullable=False),
        sa.Column("complaint", sa.Boolean()),
        sa.Column("needs_answer", sa.Boolean()),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("by", sa.Text()),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("features", sa.LargeBinary()),
        sa.Column("flagged", sa.Boolean(), nullable=False),
        sa.Column("late", sa.Boolean(), nullable=False, server_default=sa.false()),
    )
    op.create_index("ix_labels_team_at", "labels", ["team", "at"])
    op.create_table(
        "lessons",
        sa.Column("id", Id, nullable=False),
        sa.Column("team", sa.Text(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("made_at", Moment(), nullable=False),
        sa.Column("weights", sa.LargeBinary(), nullable=False),
        sa.Column("bias", sa.Float(), nullable=False),
        sa.Column("threshold", sa.Float()),
        sa.Column("labels", sa.Integer(), nullable=False),
        sa.Column("effect", sa.JSON(), nullable=False),
        sa.Column("refused", sa.Text(), nullable=False, server_default=EMPTY),
        sa.Column("taken_back_at", Moment()),
        sa.Column("taken_back_by", sa.Text()),
        sa.PrimaryKeyConstraint("id", name="pk_lessons"),
    )
    op.create_index("ix_lessons_team", "lessons", ["team", "what", "id"])
    op.create_table(
        "samples",
        *_of_a_mention("samples"),
        sa.Column("team", sa.Text(), nullable=False),
        sa.Column("week", sa.Text(), nullable=False),
        sa.Column("rate", sa.Float(), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("shown_at", Moment()),
    )
    op.create_index("ix_samples_team_week", "samples", ["team", "week"])


def downgrade() -> None:
    for name in reversed(NEW):
        op.drop_table(name)
    with op.batch_alter_table("digests") as batch:
        batch.drop_column("daily")
    op.drop_index("ix_conversations_aside", "conversations")
    with op.batch_alter_table("conversations") as batch:
        for name in reversed(BESIDE):
            batch.drop_column(name)


def _of_a_mention(table: str) -> tuple[sa.schema.SchemaItem, ...]:
    """The key of what is kept beside a mention."""
    name = f"fk_{table}_mention_mentions"
    return (
        sa.Column("mention", Id, nullable=False, autoincrement=False),
        sa.PrimaryKeyConstraint("mention", name=f"pk_{table}"),
        sa.ForeignKeyConstraint(["mention"], ["mentions.id"], name=name),
    )
