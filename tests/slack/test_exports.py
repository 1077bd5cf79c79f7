"""Exports: what spreadsheets open, and what they must not run."""

import csv
from dataclasses import replace
from datetime import timedelta, timezone
from io import StringIO

import pytest
from hypothesis import given, settings
from sqlalchemy import update

from bot.domain.conversation import State
from bot.slack import exports
from bot.slack.exports import AUDITED, CELL, CHUNK, COLUMNS, FORMULA, csv_of, lines
from bot.slack.queue import Links
from storage import mentions, replies, search, tables
from storage.audit import Done
from storage.database import reading
from storage.search import Whole
from tests.conftest import NOON
from tests.slack.cases import ANSWERED, MIRA, SENT, WAITING
from tests.slack.hostile import TEXT
from tests.things import mention, remember

LINKS = Links("https://acme.slack.com/")


def whole(conversation=ANSWERED, **more):
    usual = {
        "conversation": conversation,
        "customer": MIRA,
        "tags": ("vip", "press"),
        "words": "My order\nis broken",
        "answer": "On its way.",
        "url": "https://x.com/mira/status/1",
    }
    return Whole(**usual | more)


def opened(content: bytes) -> list[list[str]]:
    """As a spreadsheet reads it."""
    assert content.startswith(b"\xef\xbb\xbf")
    return list(csv.reader(StringIO(content.decode("utf-8-sig"), newline="")))


def test_a_row_tells_all_of_a_conversation():
    closed = replace(ANSWERED, closed_because="answered there", urgent=True, owner="U0ANA")

    names, cells = opened(csv_of([exports.row(whole(closed), LINKS)]))

    assert tuple(names) == COLUMNS
    assert dict(zip(names, cells, strict=True)) == {
        "number": "42",
        "team": "care",
        "account": "twitter",
        "customer": "Mira Lindqvist",
        "handle": "mira",
        "kind": "complaint",
        "state": "answered",
        "urgent": "yes",
        "tags": "vip, press",
        "owner": "U0ANA",
        "written_at": "2026-11-03T12:00:00Z",
        "due_at": "2026-11-03T13:00:00Z",
        "answered_at": "2026-11-03T12:12:00Z",
        "verdict": "kept",
        "closed_by": "U0ANA",
        "reason": "answered there",
        "words": "My order\nis broken",
        "our_answer": "On its way.",
        "link": "https://acme.slack.com/archives/C0CARE/p1000001",
    }


def test_times_are_told_in_utc():
    berlin = NOON.astimezone(timezone(timedelta(hours=1)))

    [_, cells] = opened(csv_of([[berlin, None, False]], ("a", "b", "c")))

    assert cells == ["2026-11-03T12:00:00Z", "", ""]


@pytest.mark.parametrize(
    "words",
    [
        '=HYPERLINK("https://evil.example","prize")',
        "+1+1",
        "-2+3+cmd|' /C calc'!A0",
        "@SUM(A1)",
        "\t=1+1",
        "  =1+1",
        "\r=1+1",
        "\n=1+1",
        "\uff1d1+1",
    ],
)
def test_no_cell_begins_like_a_formula(words):
    [_, cells] = opened(csv_of([[words]], ("a",)))

    assert cells == ["'" + words]


@given(texts=TEXT)
@settings(max_examples=60, deadline=None)
def test_whatever_was_written_stays_in_its_cell(texts):
    customer = replace(MIRA, name=texts, handle=texts)

    names, cells = opened(csv_of([exports.row(whole(customer=customer, words=texts), LINKS)]))

    assert len(names) == len(cells)
    assert not any(cell.lstrip().startswith(FORMULA) for cell in cells)
    assert all(len(cell) <= CELL + 1 for cell in cells)


def test_it_is_written_some_rows_at_a_time():
    seen = []

    def rows():
        for number in range(CHUNK * 2 + 1):
            seen.append(number)
            yield [number]

    written = lines(rows(), ("number",))
    next(written), next(written)

    assert len(seen) == CHUNK
    assert len(list(written)) == 2


def test_what_somebody_did_is_a_row_too():
    about = {"to": "U0BEN", "until": "2026-11-04"}
    done = Done(at=NOON, by="U0ANA", via="button claim", what="claim", conversation=1, about=about)

    names, cells = opened(csv_of([exports.audited(done)], AUDITED))

    assert dict(zip(names, cells, strict=True)) == {
        "at": "2026-11-03T12:00:00Z",
        "by": "U0ANA",
        "via": "button claim",
        "what": "claim",
        "conversation": "1",
        "about": "to: U0BEN, until: 2026-11-04",
    }


# What is looked up


def said(database, conversation, key, text, **more):
    with database.begin() as db:
        it = mention(text, key=key, **more)
        known = {"customer": conversation.customer, "conversation": conversation.id}
        return mentions.add(db, it, **known, at=NOON)


def exported(database, *numbers):
    with reading(database) as db:
        return search.whole(db, numbers)


def test_all_that_was_said_in_each_is_looked_up_in_the_order_asked_for(database):
    first, second = remember(database, thread="a"), remember(database, thread="b")
    key = said(database, first, "1", "It is broken.", subject="Order 7", url="https://a.example/1")
    said(database, first, "2", "Still!", subject="Order 7")
    said(database, first, "3", "Taken back", deleted=True)
    said(database, first, "4", "Posted in the app.", origin="own")
    said(database, second, "5", "Out of office", origin="automated")
    with database.begin() as db:
        reply = replace(SENT, conversation=first.id, mention=key)
        for name, more in (("a", {}), ("b", {"text": "Gone", "withdrawn_at": NOON})):
            replies.add(db, replace(reply, key=name, **more))
        replies.add(db, replace(reply, key="c", sent_at=None, url=None, text="Never sent"))

    two, one = exported(database, second.id, first.id, 999)

    assert (one.conversation.thread, two.conversation.thread) == ("a", "b")
    assert one.words == "Order 7\n\nIt is broken.\n\nStill!"
    assert one.answer == "A new one is on its way."
    assert (two.words, two.answer, two.url) == ("", "", None)


def test_what_was_answered_elsewhere_is_told_as_it_was_posted(database):
    known = remember(database)
    said(database, known, "1", "Posted in the app.", origin="own")

    [one] = exported(database, known.id)

    assert (one.words, one.answer) == ("", "Posted in the app.")


def test_of_who_was_forgotten_nothing_is_told(database):
    known = remember(database, state=State.DISMISSED, closed_because="Mira lied", closed_by="U0ANA")
    said(database, known, "1", "My words")
    with database.begin() as db:
        row = update(tables.customers).where(tables.customers.c.id == known.customer)
        db.execute(row.values(forgotten_at=NOON, tags=["vip"]))

    [one] = exported(database, known.id)
    content = csv_of([exports.row(one, LINKS)]).decode()

    assert (one.words, one.answer, one.url, one.tags) == ("", "", None, ())
    assert not any(word in content for word in ("My words", "Mira", "vip"))
    assert "dismissed" in content


def test_a_link_leads_to_the_card_or_else_to_the_post():
    bare = replace(WAITING, card=None)

    assert exports.row(whole(bare), LINKS)[-1] == "https://x.com/mira/status/1"
    assert exports.row(whole(bare, url=None), LINKS)[-1] is None
