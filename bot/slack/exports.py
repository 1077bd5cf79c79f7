"""What is exported: CSV that spreadsheets open as it is, and that runs nothing in them."""

import csv
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from io import StringIO
from itertools import islice

from bot.domain.clock import Standing
from bot.domain.mention import storable
from bot.slack.queue import Links
from storage.audit import Done
from storage.search import Whole

ROWS = 50_000  # at most, and it is said when there are more
CHUNK = 500  # rows that are looked up and written at once
CELL = 16_000  # characters: a spreadsheet's cell takes 32,767, and an emoji counts twice
MARK = "\ufeff"  # by which spreadsheets know that it is UTF-8
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
HARMLESS = "'"  # before what a spreadsheet would run

Row = Sequence[object]

COLUMNS = (
    "number",
    "team",
    "account",
    "customer",
    "handle",
    "kind",
    "state",
    "urgent",
    "tags",
    "owner",
    "written_at",
    "due_at",
    "answered_at",
    "verdict",
    "closed_by",
    "reason",
    "words",
    "our_answer",
    "link",
)
AUDITED = ("at", "by", "via", "what", "conversation", "about")


def row(whole: Whole, links: Links) -> Row:
    """One conversation, in the order of COLUMNS; the link is to its card, or else to the post."""
    it, customer = whole.conversation, whole.customer
    return (
        it.id,
        it.team,
        it.account,
        customer.name,
        customer.handle.removeprefix("@"),
        it.kind,
        it.state,
        it.urgent,
        ", ".join(whole.tags),
        it.owner,
        it.waiting_since,
        it.due_at,
        it.answered_at,
        _verdict(it.verdict),
        it.closed_by,
        it.closed_because if customer.handle or customer.name else "",
        whole.words,
        whole.answer,
        links.card(it) or whole.url,
    )


def audited(done: Done) -> Row:
    """One thing that somebody did, in the order of AUDITED."""
    about = ", ".join(f"{name}: {value}" for name, value in done.about.items())
    return done.at, done.by, done.via, done.what, done.conversation, about


def csv_of(rows: Iterable[Row], columns: Sequence[str] = COLUMNS) -> bytes:
    """All of it: a mark, a line of names, and a line for each row."""
    return b"".join(lines(rows, columns))


def lines(rows: Iterable[Row], columns: Sequence[str] = COLUMNS) -> Iterator[bytes]:
    """The same, some rows at a time."""
    yield (MARK + _written([columns])).encode()
    waiting = iter(rows)
    while some := list(islice(waiting, CHUNK)):
        yield _written([_cell(value) for value in each] for each in some).encode()


def _written(rows: Iterable[Row]) -> str:
    into = StringIO()
    csv.writer(into, lineterminator="\r\n").writerows(rows)
    return into.getvalue()


def _cell(value: object) -> object:
    """Times in UTC as ISO 8601 writes them; yes or nothing; words that are no formula."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    if isinstance(value, bool):
        return "yes" if value else ""
    if isinstance(value, int) or value is None:
        return value
    return _harmless(str(value))


def _harmless(text: str) -> str:
    """What begins like a formula gets an apostrophe before it, and is shown as it is."""
    whole = storable(text)[:CELL]
    begins = whole.startswith(FORMULA) or whole.lstrip().startswith(FORMULA)
    return HARMLESS + whole if begins else whole


def _verdict(verdict: Standing | None) -> str:
    return verdict.value if verdict else ""
