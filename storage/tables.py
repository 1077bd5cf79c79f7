"""The schema. Columns bear the names of the fields, so a row becomes an object as it is."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    false,
    text,
    true,
)

from bot.domain.calendar import Pause

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

EMPTY = text("''")
NONE = text("0")
Id = BigInteger().with_variant(Integer, "sqlite")

SIGNS = (  # deeds that only a colleague does, here or in the platform's own app
    "answered_there",
    "approve",
    "assign",
    "claim",
    "dismiss",
    "escalate",
    "judge",
    "merge_into",
    "move",
    "no_answer_needed",
    "propose",
    "rate",
    "release",
    "renew",
    "reply",
    "send_back",
    "settle",
    "snooze",
    "snooze_until_they_write",
    "take_over",
    "wake",
)


class Moment(TypeDecorator[datetime]):
    """An instant. Refuses a time without an offset; keeps and returns UTC."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is UTC:
            return value
        if value.tzinfo is None:
            raise ValueError(f"{value} has no offset, so it is not an instant.")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Words(TypeDecorator[tuple[str, ...]]):
    """Some words, in order; a column from before they were kept has none."""

    impl = JSON
    cache_ok = True

    def process_bind_param(self, value: Sequence[str] | None, dialect: Dialect) -> list[str]:
        return list(value or ())

    def process_result_value(self, value: list[str] | None, dialect: Dialect) -> tuple[str, ...]:
        return tuple(value or ())


class Pauses(TypeDecorator[tuple[Pause, ...]]):
    """The pauses of a clock, in order, as `[start, end, why]` each."""

    impl = JSON
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> list[list[str]]:
        pauses = [each if isinstance(each, Pause) else Pause(**each) for each in value or ()]
        return [[each.start.isoformat(), each.end.isoformat(), each.why] for each in pauses]

    def process_result_value(self, value: Any, dialect: Dialect) -> tuple[Pause, ...]:
        at = datetime.fromisoformat
        return tuple(Pause(at(start), at(end), why) for start, end, why in value or ())


CARDLESS = (  # complaints that nothing shows in Slack
    "card IS NULL AND coalesce(digest, 0) = 0 AND kind = 'complaint'"
    " AND state IN ('waiting', 'claimed')"
)


def _partial(name: str, *columns: str, where: str) -> Index:
    """An index of those rows only, as a migration has built it.

    Told as a note: where SQLAlchemy is told, it loads the words of both databases, and only one of
    them is spoken.
    """
    return Index(name, *columns, info={"where": where})


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
    Column("read_to", Moment),  # all that the platform showed until then is stored
    Column("gap", Text),  # what it could not give us any more
    Column("gap_at", Moment),
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
    Column("verified", Boolean),
    Column("since", Moment),
    Column("place", Text),
    Column("speaks", Text),
    Column("website", Text),
    Column("seen_at", Moment),
    Column("tags", Words),
    Column("person", Id),  # the customer whom this identity belongs to; none: it is themselves
    Column("language", Text),  # what colleagues know better than the platform does
    Column("timezone", Text),
    Column("forgotten_at", Moment),
    UniqueConstraint("platform", "key"),
    Index("ix_customers_person", "person"),
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
    Column("language", Text),
    Column("tags", Words),
    Column("held_since", Moment),
    Column("claimed_until", Moment),
    Column("waits", Boolean, nullable=False, server_default=true()),
    Column("thanks", Boolean, nullable=False, server_default=false()),
    Column("owed", Text, nullable=False, server_default="first answer"),
    Column("imminent_at", Moment),
    Column("pauses", Pauses),
    Column("snoozed_by", Text),
    Column("until_they_write", Boolean, nullable=False, server_default=false()),
    Column("answered_at", Moment),
    Column("verdict", Text),
    Column("promised_at", Moment),
    Column("promised_for", Moment),
    Column("promised_by", Text),
    Column("redraw_at", Moment),
    Column("nag", Text),
    Column("nag_says", Text),
    Column("unsaid_until", Moment),
    Column("urgent", Boolean, nullable=False, server_default=false()),
    Column("proposed", Text),
    Column("escalated_to", Text),
    Column("merged_into", Id),
    Column("lane", Text, nullable=False, server_default=EMPTY),
    Column("severity", Text, nullable=False, server_default=EMPTY),
    Column("aside", Text, nullable=False, server_default=EMPTY),
    UniqueConstraint("account", "thread", "customer"),
    Index("ix_conversations_customer", "customer"),
    _partial(
        "ix_conversations_next_nag_at",
        "next_nag_at",
        where="state IN ('waiting', 'claimed')",
    ),
    _partial(
        "ix_conversations_urgency",
        "team",
        "due_at",
        "waiting_since",
        "id",
        where="state IN ('waiting', 'claimed', 'replying')",
    ),
    _partial(
        "ix_conversations_unclaimed",
        "team",
        where="owner IS NULL AND state IN ('waiting', 'claimed', 'replying')",
    ),
    _partial("ix_conversations_digest", "digest", where="digest IS NOT NULL"),
    _partial(
        "ix_conversations_aside",
        "team",
        where="aside <> '' AND digest IS NULL AND card IS NULL",
    ),
    _partial(
        "ix_conversations_waiting",
        "team",
        "waiting_since",
        where="state IN ('waiting', 'claimed')",
    ),
    _partial(
        "ix_conversations_claimed_until",
        "claimed_until",
        where="state = 'claimed'",
    ),
    _partial(
        "ix_conversations_redraw_at",
        "redraw_at",
        where="state IN ('waiting', 'claimed', 'replying')",
    ),
    _partial(
        "ix_conversations_cardless",
        "waiting_since",
        where=CARDLESS,
    ),
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
    Column("reply_by", Moment),
    Column("warn_at", Moment),  # that `reply_by` is near
    Column("rating", Integer),
    Column("address", Text),  # where it is, as every source of it would say
    Column("same_as", Id),  # it came before, from another source
    Column("media", JSON, nullable=False),
    Column("language", Text),
    Column("extra", JSON, nullable=False),
    UniqueConstraint("account", "key"),
    Index("ix_mentions_conversation", "conversation"),
    Index("ix_mentions_account_parent", "account", "parent"),
    Index("ix_mentions_customer", "customer"),
    _partial(
        "ix_mentions_warn_at",
        "warn_at",
        where="warn_at IS NOT NULL",
    ),
    _partial(
        "ix_mentions_address",
        "address",
        where="address IS NOT NULL",
    ),
)

guesses = Table(  # what triage made of a customer's mention
    "guesses",
    metadata,
    Column("mention", Id, ForeignKey("mentions.id"), primary_key=True, autoincrement=False),
    Column("kind", Text, nullable=False),
    Column("lane", Text, nullable=False),
    Column("because", Text, nullable=False),
    Column("complaint", Float),
    Column("needs_answer", Float),
    Column("severity", Text),
    Column("manner", Text, nullable=False),
    Column("language", Text),
    Column("similar", Text, nullable=False),
    Column("thanks", Boolean, nullable=False),
    Column("words", Text, nullable=False, server_default=EMPTY),  # the same for the same words
    Column("at", Moment, nullable=False),
    _partial("ix_guesses_words", "words", "at", where="words <> ''"),
)

labels = Table(  # what people said, or showed, that a mention is
    "labels",
    metadata,
    Column("mention", Id, ForeignKey("mentions.id"), primary_key=True, autoincrement=False),
    Column("team", Text, nullable=False),
    Column("complaint", Boolean),
    Column("needs_answer", Boolean),
    Column("source", Text, nullable=False),
    Column("by", Text),
    Column("at", Moment, nullable=False),
    Column("features", LargeBinary),  # none: not worked out yet, or there are none
    Column("version", Integer, nullable=False, server_default=NONE),  # of the weights they are of
    Column("flagged", Boolean, nullable=False),  # triage gave it the complaint's clock
    Column("late", Boolean, nullable=False, server_default=false()),  # found only later: a miss
    Index("ix_labels_team_at", "team", "at"),
)

lessons = Table(  # what a team has taught triage, each time it was made anew
    "lessons",
    metadata,
    Column("id", Id, primary_key=True),
    Column("team", Text, nullable=False),
    Column("what", Text, nullable=False),
    Column("made_at", Moment, nullable=False),
    Column("weights", LargeBinary, nullable=False),
    Column("bias", Float, nullable=False),
    Column("threshold", Float),
    Column("recall", Float),  # that the threshold was set for
    Column("labels", Integer, nullable=False),
    Column("effect", JSON, nullable=False),
    Column("refused", Text, nullable=False, server_default=EMPTY),  # why none was made
    Column("version", Integer, nullable=False, server_default=NONE),  # of the weights that it moves
    Column("taken_back_at", Moment),
    Column("taken_back_by", Text),
    Index("ix_lessons_team", "team", "what", "id"),
)

samples = Table(  # unflagged mentions that somebody is asked about, so that none is missed for good
    "samples",
    metadata,
    Column("mention", Id, ForeignKey("mentions.id"), primary_key=True, autoincrement=False),
    Column("team", Text, nullable=False),
    Column("week", Text, nullable=False),
    Column("rate", Float, nullable=False),  # the share of that week's that is asked about
    Column("at", Moment, nullable=False),
    Column("shown_at", Moment),
    Index("ix_samples_team_week", "team", "week"),
)

inbox = Table(  # webhooks, as they came; once they are understood, only that they came is kept
    "inbox",
    metadata,
    Column("id", Id, primary_key=True),
    Column("account", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("body", LargeBinary),
    Column("at", Moment, nullable=False),
    Column("opened_at", Moment),
    UniqueConstraint("account", "key"),
    _partial(
        "ix_inbox_unopened",
        "account",
        "id",
        where="opened_at IS NULL",
    ),
)

stumbles = Table(  # what the sweep can't do for a conversation, and is not to try all the time
    "stumbles",
    metadata,
    Column("step", Text, primary_key=True),
    Column("conversation", Id, ForeignKey("conversations.id"), primary_key=True),
    Column("failures", Integer, nullable=False),
    Column("problem", Text, nullable=False),  # the kind of error: its words may be a customer's
    Column("until", Moment, nullable=False),
)

remembered = Table(  # cards that Slack has, and a database that was set back does not know
    "remembered",
    metadata,
    Column("mention", Text, primary_key=True),  # the first, as its card names it
    Column("channel", Text, nullable=False),
    Column("card", Text, nullable=False),
    Column("number", Id, nullable=False),  # its conversation's, which is nobody else's from now on
    Column("at", Moment, nullable=False),
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
    Column("promised_for", Moment),
    Column("files", JSON),  # that go with it: as Slack knows them
    Column("approved_by", Text),
    Column("approved_at", Moment),
    Column("corrected_at", Moment),
    Column("withdrawn_at", Moment),
    Column("withdrawn_by", Text),
    Index("ix_replies_conversation", "conversation"),
    Index("ix_replies_sent_key", "sent_key"),
    Index("ix_replies_author", "author"),
)

parts = Table(  # a long answer is several posts, one after the other
    "parts",
    metadata,
    Column("reply", Text, ForeignKey("replies.key"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("text", Text, nullable=False),
    Column("sent_key", Text),
    Column("url", Text),
    Column("sent_at", Moment),
    Index("ix_parts_sent_key", "sent_key"),
)

amendments = Table(  # what we change about an answer that is published
    "amendments",
    metadata,
    Column("key", Text, primary_key=True),
    Column("reply", Text, ForeignKey("replies.key"), nullable=False),
    Column("what", Text, nullable=False),
    Column("author", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("at", Moment, nullable=False),
    Column("done_at", Moment),
    Column("refused", Text),
    Index("ix_amendments_reply", "reply"),
)

saved_replies = Table(
    "saved_replies",
    metadata,
    Column("id", Id, primary_key=True),
    Column("team", Text, nullable=False),  # "": every team's
    Column("language", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("by", Text, nullable=False),
    Column("at", Moment, nullable=False),
    Column("holding", Boolean, nullable=False, server_default=false()),
    UniqueConstraint("team", "language", "name"),
)

people = Table(  # what colleagues have set for themselves, by their Slack id
    "people",
    metadata,
    Column("id", Text, primary_key=True),
    Column("signature", Text),
)

saved_views = Table(
    "saved_views",
    metadata,
    Column("person", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("query", Text, nullable=False),
    Column("at", Moment, nullable=False),
)

notes = Table(  # what colleagues should know about a customer; never said to them
    "notes",
    metadata,
    Column("id", Id, primary_key=True),
    Column("customer", Id, ForeignKey("customers.id"), nullable=False),
    Column("by", Text, nullable=False),
    Column("at", Moment, nullable=False),
    Column("text", Text, nullable=False),
    Index("ix_notes_customer", "customer"),
)

follow_ups = Table(
    "follow_ups",
    metadata,
    Column("id", Id, primary_key=True),
    Column("conversation", Id, ForeignKey("conversations.id"), nullable=False),
    Column("by", Text, nullable=False),
    Column("at", Moment, nullable=False),
    Column("due_at", Moment, nullable=False),
    Column("text", Text, nullable=False),
    Column("done_at", Moment),
    Index("ix_follow_ups_conversation", "conversation"),
    _partial(
        "ix_follow_ups_due_at",
        "due_at",
        where="done_at IS NULL",
    ),
)

merges = Table(  # what became one, and all that was before, so that it can be undone
    "merges",
    metadata,
    Column("id", Id, primary_key=True),
    Column("what", Text, nullable=False),
    Column("kept", Id, nullable=False),
    Column("absorbed", Id, nullable=False),
    Column("by", Text, nullable=False),
    Column("at", Moment, nullable=False),
    Column("before", JSON, nullable=False),
    Index("ix_merges_what_absorbed", "what", "absorbed"),
)

audit = Table(  # who did what; rows are only ever added, and hold no customer's words
    "audit",
    metadata,
    Column("id", Id, primary_key=True),
    Column("at", Moment, nullable=False),
    Column("by", Text, nullable=False),
    Column("via", Text, nullable=False),
    Column("what", Text, nullable=False),
    Column("conversation", Id),
    Column("about", JSON, nullable=False),
    Index("ix_audit_conversation", "conversation"),
    Index("ix_audit_at", "at"),
)

shown = Table(  # which messages of ours name a conversation, so that they can be taken back
    "shown",
    metadata,
    Column("channel", Text, primary_key=True),
    Column("ts", Text, primary_key=True),
    Column("conversation", Id, ForeignKey("conversations.id"), primary_key=True),
    Index("ix_shown_conversation", "conversation"),
)

pictures = Table(  # a customer's pictures that were taken into Slack
    "pictures",
    metadata,
    Column("address", Text, primary_key=True),
    Column("conversation", Id, ForeignKey("conversations.id"), nullable=False),
    Column("file", Text),  # Slack's id of it
    Column("trouble", Text),
    Column("at", Moment, nullable=False),
    Index("ix_pictures_conversation", "conversation"),
)

team_files = Table(  # teams that were made in Slack, as teams.toml would have them
    "team_files",
    metadata,
    Column("team", Text, primary_key=True),
    Column("text", Text, nullable=False),
    Column("by", Text, nullable=False),
    Column("at", Moment, nullable=False),
)

receipts = Table(  # what was removed of a person; holds nothing of it
    "receipts",
    metadata,
    Column("id", Id, primary_key=True),
    Column("at", Moment, nullable=False),
    Column("by", Text, nullable=False),
    Column("what", JSON, nullable=False),
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
    Column("surge", Id),  # whose thread it stands in; none: in the channel
    Column("daily", Boolean, nullable=False, server_default=false()),  # of what needs no answer
    Index("ix_digests_surge", "surge"),
)

surges = Table(  # far more than usual came
    "surges",
    metadata,
    Column("id", Id, primary_key=True),
    Column("team", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("began_at", Moment, nullable=False),
    Column("at", Moment, nullable=False),
    Column("usual", Float, nullable=False),  # customers in an hour
    Column("ended_at", Moment),
    Column("card", Text),
)

silences = Table(  # of a team that does nothing, or of an account that nothing comes from
    "silences",
    metadata,
    Column("id", Id, primary_key=True),
    Column("what", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("since", Moment, nullable=False),
    Column("at", Moment, nullable=False),
    Column("ended_at", Moment),
)

arrivals = Table(  # how many customers began to wait, in small pieces of time
    "arrivals",
    metadata,
    Column("account", Text, primary_key=True),
    Column("at", Moment, primary_key=True),
    Column("team", Text, primary_key=True),
    Column("hour", Moment, nullable=False),
    Column("many", Integer, nullable=False),  # none: something else was heard
    Index("ix_arrivals_team_hour", "team", "hour"),
)

journal = Table(  # what happened to each conversation, in order
    "journal",
    metadata,
    Column("id", Id, primary_key=True),
    Column("conversation", Id, ForeignKey("conversations.id"), nullable=False),
    Column("at", Moment, nullable=False),
    Column("what", Text, nullable=False),
    Column("how", JSON, nullable=False),
    Index("ix_journal_conversation", "conversation"),
    Index("ix_journal_at", "at"),
    _partial(
        "ix_journal_signs",
        "at",
        where=f"what IN {SIGNS}",
    ),
)

verdicts = Table(  # how each clock ended: written once
    "verdicts",
    metadata,
    Column("id", Id, primary_key=True),
    Column("conversation", Id, ForeignKey("conversations.id"), nullable=False),
    Column("team", Text, nullable=False),
    Column("owed", Text, nullable=False),
    Column("rule", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("since", Moment, nullable=False),
    Column("due_at", Moment),
    Column("ended_at", Moment, nullable=False),
    Column("how", Text, nullable=False),
    Column("by", Text),
    Column("verdict", Text, nullable=False),
    Column("response", BigInteger, nullable=False),
    Column("worked", BigInteger, nullable=False),
    Column("late", BigInteger, nullable=False),
    Column("overrun", BigInteger, nullable=False),
    Column("nags", Integer, nullable=False),
    Column("called", Words, nullable=False),
    Column("pauses", Pauses, nullable=False),
    Column("policy", Text, nullable=False),
    Index("ix_verdicts_conversation", "conversation"),
    Index("ix_verdicts_ended_at", "ended_at"),
)

policies = Table(  # what verdicts were judged by
    "policies",
    metadata,
    Column("fingerprint", Text, primary_key=True),
    Column("team", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("since", Moment, nullable=False),
)

days = Table(  # which of a team's daily lists have been owed: one worker holds the row and says it
    "days",
    metadata,
    Column("team", Text, primary_key=True),
    Column("opened_at", Moment, nullable=False),
    Column("closed_at", Moment, nullable=False),
)

schedules = Table(  # holidays and rotas, as their addresses gave them last
    "schedules",
    metadata,
    Column("address", Text, primary_key=True),
    Column("text", Text),
    Column("fetched_at", Moment),
    Column("trouble", Text),
    Column("failing_since", Moment),
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
    _partial(
        "ix_outbox_pending",
        "urgency",
        "due_at",
        where="done_at IS NULL AND dead_at IS NULL",
    ),
    _partial(
        "ix_outbox_unfinished_lane",  # dead letters as well: one may serve for a redraw
        "lane",
        "id",
        where="done_at IS NULL",
    ),
    _partial(
        "ix_outbox_dead",
        "dead_at",
        where="dead_at IS NOT NULL AND done_at IS NULL",
    ),
)

workers = Table(  # who is at work: each says so again and again
    "workers",
    metadata,
    Column("name", Text, primary_key=True),
    Column("seen_at", Moment, nullable=False),
)

ailments = Table(  # what is wrong with us, since when, and who has been told
    "ailments",
    metadata,
    Column("what", Text, primary_key=True),
    Column("worker", Text, primary_key=True),  # "": it is everybody's
    Column("since", Moment, nullable=False),
    Column("seen_at", Moment, nullable=False),
    Column("told", Text),  # the notice that told it, by its key in the outbox
    Column("road", Integer),  # the last that was tried instead, by its key, and when
    Column("called", Text),
    Column("called_at", Moment),
)
