"""The schema. Columns bear the names of the fields, so a row becomes an object as it is."""

from datetime import UTC, datetime

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    false,
    text,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

Id = BigInteger().with_variant(Integer, "sqlite")


class Moment(TypeDecorator[datetime]):
    """An instant. Refuses a time without an offset; keeps and returns UTC."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value} has no offset, so it is not an instant.")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


accounts = Table(
    "accounts",
    metadata,
    Column("name", Text, primary_key=True),
    Column("cursor", Text),
    Column("started_at", Moment, nullable=False),  # what was posted before is history
    Column("next_poll_at", Moment, nullable=False),
    Column("fetched_at", Moment),
    Column("rechecked_at", Moment),
    Column("failures", Integer, nullable=False, server_default="0"),
    Column("failing_since", Moment),
    Column("trouble", Text),
    Column("told", Boolean, nullable=False, server_default=false()),
)

customers = Table(
    "customers",
    metadata,
    Column("id", Id, primary_key=True),
    Column("platform", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("handle", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("url", Text),
    Column("followers", BigInteger),
    UniqueConstraint("platform", "key"),
)

conversations = Table(
    "conversations",
    metadata,
    Column("id", Id, primary_key=True),
    Column("account", Text, nullable=False),
    Column("thread", Text, nullable=False),
    Column("customer", Id, ForeignKey("customers.id"), nullable=False),
    Column("team", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("because", Text, nullable=False),
    Column("judged_by", Text),
    Column("waiting_since", Moment, nullable=False),
    Column("state", Text, nullable=False),
    Column("owner", Text),
    Column("due_at", Moment),
    Column("next_nag_at", Moment),
    Column("rungs_climbed", Integer, nullable=False),
    Column("closed_at", Moment),
    Column("closed_by", Text),
    Column("closed_because", Text),
    Column("channel", Text),
    Column("card", Text),
    Column("quiet", Boolean, nullable=False),
    Column("unsure", Text),
    Column("digest", Id),
    Column("version", Integer, nullable=False),
    UniqueConstraint("account", "thread", "customer"),
    Index("ix_conversations_customer", "customer"),
    Index(
        "ix_conversations_next_nag_at",
        "next_nag_at",
        sqlite_where=text("state IN ('waiting', 'claimed')"),
        postgresql_where=text("state IN ('waiting', 'claimed')"),
    ),
    Index(
        "ix_conversations_unsettled",
        "team",
        "due_at",
        sqlite_where=text("state IN ('waiting', 'claimed', 'replying')"),
        postgresql_where=text("state IN ('waiting', 'claimed', 'replying')"),
    ),
    Index("ix_conversations_digest", "digest"),
)

mentions = Table(
    "mentions",
    metadata,
    Column("id", Id, primary_key=True),
    Column("account", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("conversation", Id, ForeignKey("conversations.id")),  # none: kept, and nobody's work
    Column("customer", Id, ForeignKey("customers.id"), nullable=False),
    Column("thread", Text, nullable=False),
    Column("parent", Text),
    Column("text", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("posted_at", Moment, nullable=False),
    Column("heard_at", Moment, nullable=False),
    Column("url", Text),
    Column("revision", Text, nullable=False),
    Column("origin", Text, nullable=False),
    Column("public", Boolean, nullable=False),
    Column("deleted", Boolean, nullable=False),
    Column("no_reply", Text, nullable=False),
    Column("media", JSON, nullable=False),
    Column("language", Text),
    Column("extra", JSON, nullable=False),
    UniqueConstraint("account", "key"),
    Index("ix_mentions_conversation", "conversation"),
    Index("ix_mentions_account_parent", "account", "parent"),
    Index("ix_mentions_customer", "customer"),
)

unreadable = Table(
    "unreadable",
    metadata,
    Column("account", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("raw", Text, nullable=False),
    Column("problem", Text, nullable=False),
    Column("at", Moment, nullable=False),
)

replies = Table(
    "replies",
    metadata,
    Column("key", Text, primary_key=True),
    Column("conversation", Id, ForeignKey("conversations.id"), nullable=False),
    Column("mention", Id, ForeignKey("mentions.id"), nullable=False),
    Column("author", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("written_at", Moment, nullable=False),
    Column("sent_at", Moment),
    Column("sent_key", Text),
    Column("url", Text),
    Column("refused", Text),
    Index("ix_replies_conversation", "conversation"),
    Index("ix_replies_sent_key", "sent_key"),
)

drafts = Table(
    "drafts",
    metadata,
    Column("conversation", Id, ForeignKey("conversations.id"), primary_key=True),
    Column("author", Text, primary_key=True),
    Column("text", Text, nullable=False),
    Column("at", Moment, nullable=False),
)

digests = Table(
    "digests",
    metadata,
    Column("id", Id, primary_key=True),
    Column("team", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("card", Text),
    Column("at", Moment, nullable=False),
)

destinations = Table(
    "destinations",
    metadata,
    Column("name", Text, primary_key=True),
    Column("paced_until", Moment, nullable=False),  # each post moves it on by its share of the pace
    Column("closed_until", Moment, nullable=False),  # the other side asked us to wait until then
    Column("trouble", Text),  # why nothing gets through there, once somebody was told
)

outbox = Table(
    "outbox",
    metadata,
    Column("id", Id, primary_key=True),
    Column("key", Text, nullable=False, unique=True),
    Column("errand", Text, nullable=False),
    Column("conversation", Id, ForeignKey("conversations.id")),
    Column("lane", Text, nullable=False),
    Column("destination", Text, nullable=False),
    Column("urgency", Integer, nullable=False),
    Column("detail", Text, nullable=False),
    Column("owed_at", Moment, nullable=False),
    Column("due_at", Moment, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("failures", Integer, nullable=False),  # in a row, of any kind: they lengthen the wait
    Column("errors", Integer, nullable=False),  # those that were nobody's outage: they end it
    Column("leased_until", Moment),
    Column("in_doubt", Boolean, nullable=False),
    Column("trouble", Text),
    Column("done_at", Moment),
    Column("dead_at", Moment),
    Index(
        "ix_outbox_pending",
        "urgency",
        "due_at",
        sqlite_where=text("done_at IS NULL AND dead_at IS NULL"),
        postgresql_where=text("done_at IS NULL AND dead_at IS NULL"),
    ),
    Index(
        "ix_outbox_lane",
        "lane",
        "id",
        sqlite_where=text("done_at IS NULL AND dead_at IS NULL"),
        postgresql_where=text("done_at IS NULL AND dead_at IS NULL"),
    ),
)
