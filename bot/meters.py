"""What is counted, for whoever watches many machines; labels are names of ours, never words."""

from prometheus_client import Counter, Histogram

SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 3, 5)  # Slack waits three for an ack
SPANS = (1, 2, 5, 15, 60, 300, 900, 3600, 6 * 3600)  # until what was owed is said

MENTIONS = Counter("unanswered_mentions", "Mentions that were new.", ["account"])
DELIVERIES = Counter(
    "unanswered_deliveries",
    "Attempts at deliveries: done, put off, failed, dead, or the lease was lost.",
    ["errand", "outcome"],
)
DELIVERED = Histogram(
    "unanswered_delivery_seconds",
    "From owed to done.",
    ["errand"],
    buckets=SPANS,
)
NAGS = Counter("unanswered_nags", "Calls that were decided.")
NAG_LATENESS = Histogram(
    "unanswered_nag_lateness_seconds",
    "From when somebody was to be called to when that was decided.",
    buckets=SPANS,
)
ACK = Histogram(
    "unanswered_ack_seconds",
    "From an envelope of Slack's to our ack of it.",
    buckets=SECONDS,
)
DATABASE_ERRORS = Counter(
    "unanswered_database_errors", "Statements to which the database was not there, or too busy."
)
