"""Finding conversations: every filter, every order, and what is counted."""

from dataclasses import replace

import pytest
from sqlalchemy import update

from bot.domain.calendar import Pause
from bot.domain.clock import Standing
from bot.domain.conversation import UNSETTLED, State
from bot.domain.mention import Kind
from storage import customers, mentions, search, tables
from storage.database import reading
from storage.search import CLOSED, EVERY, Asked, Sort
from tests.conftest import NOON
from tests.things import HOUR, MINUTE, MIRA, mention, remember

ALL = Asked()


def found(database, asked=ALL, **window) -> list[str]:
    with reading(database) as db:
        listed = search.unanswered(db, asked, **{"most": 50, **window})
    return [each.conversation.thread for each in listed]


def customer(database, thread, **more):
    """A conversation of somebody of their own, with these values in their row."""
    who = replace(MIRA, key=thread, handle=f"@{thread}", name="")
    row = {name: more.pop(name) for name in ("tags", "language", "name") if name in more}
    with database.begin() as db:
        id = customers.meet(db, who)
        if row:
            known = update(tables.customers).where(tables.customers.c.id == id)
            db.execute(known.values(**row))
    return remember(database, thread=thread, customer=id, **more)


def says(database, thread, text, **more):
    """A conversation in which the customer wrote that."""
    known = remember(database, thread=thread)
    with database.begin() as db:
        said = mention(text, key=thread, **more)
        mentions.add(db, said, customer=known.customer, conversation=known.id, at=NOON)
    return known


def test_what_waits_is_listed_by_deadline_and_then_by_age(database):
    remember(database, thread="no promise, younger", due_at=None, waiting_since=NOON)
    remember(database, thread="no promise", due_at=None, waiting_since=NOON - HOUR)
    remember(database, thread="later", due_at=NOON + HOUR)
    remember(database, thread="sooner", due_at=NOON, state=State.CLAIMED)
    remember(database, thread="answering", due_at=NOON + 2 * HOUR, state=State.REPLYING)
    remember(database, thread="closed", state=State.ANSWERED)

    listed = ["sooner", "later", "answering", "no promise", "no promise, younger"]
    assert found(database) == listed
    assert found(database, most=2) == listed[:2]
    assert found(database, most=2, skip=2) == listed[2:4]


@pytest.mark.parametrize(
    ("sort", "listed"),
    [
        (None, ["b", "a", "c"]),
        (Sort.DUE, ["b", "a", "c"]),
        (Sort.OLDEST, ["c", "b", "a"]),
        (Sort.NEWEST, ["a", "b", "c"]),
        (Sort.CUSTOMER, ["a", "c", "b"]),
    ],
)
def test_what_waits_is_sorted_as_one_likes(database, sort, listed):
    customer(database, "a", name="abel", waiting_since=NOON, due_at=NOON + HOUR)
    customer(database, "b", name="Özil", waiting_since=NOON - HOUR, due_at=NOON)
    customer(database, "c", waiting_since=NOON - 2 * HOUR, due_at=None)

    assert found(database, Asked(sort=sort)) == listed


def test_what_is_closed_comes_newest_first(database):
    remember(database, thread="a", state=State.ANSWERED, waiting_since=NOON, due_at=NOON)
    remember(database, thread="b", state=State.ANSWERED, waiting_since=NOON + HOUR, due_at=None)

    assert found(database, Asked(states=CLOSED)) == ["b", "a"]
    assert found(database, Asked(states=CLOSED, sort=Sort.DUE)) == ["a", "b"]


def test_what_waits_can_be_asked_for_by_team_owner_platform_and_lateness(database):
    remember(database, thread="press", team="press")
    remember(database, thread="anas", owner="U0ANA", state=State.CLAIMED)
    remember(database, thread="mail", account="email:press")
    remember(database, thread="fake", account="email_other")
    remember(database, thread="late", due_at=NOON - HOUR)

    assert found(database, Asked(teams=["press"])) == ["press"]
    assert found(database, Asked(owners=["U0ANA"])) == ["anas"]
    assert found(database, Asked(platforms=["email"])) == ["mail"]
    assert found(database, Asked(platforms=["email:press"])) == ["mail"]
    assert found(database, Asked(late_at=NOON)) == ["late"]
    assert found(database, Asked(teams=["care"], late_at=NOON, owners=["U0BEN"])) == []


def test_of_one_sort_any_will_do_and_all_else_narrows(database):
    mine = {"owner": "U0ANA", "state": State.CLAIMED}
    remember(database, thread="a", kind=Kind.PRAISE, **mine)
    remember(database, thread="b", kind=Kind.QUESTION, owner="U0BEN", state=State.CLAIMED)
    remember(database, thread="c", kind=Kind.QUESTION)
    remember(database, thread="d", team="press", account="twitter", **mine)

    both = [Kind.PRAISE, Kind.QUESTION]
    assert set(found(database, Asked(kinds=both))) == {"a", "b", "c"}
    assert set(found(database, Asked(owners=["U0ANA", "U0BEN"]))) == {"a", "b", "d"}
    assert set(found(database, Asked(owners=["U0ANA"], unclaimed=True))) == {"a", "c", "d"}
    assert set(found(database, Asked(unclaimed=True))) == {"c"}
    assert set(found(database, Asked(teams=["care", "press"]))) == {"a", "b", "c", "d"}
    assert set(found(database, Asked(platforms=["demo", "twitter"]))) == {"a", "b", "c", "d"}
    assert found(database, Asked(kinds=both, owners=["U0ANA"], platforms=["demo"])) == ["a"]


def test_states(database):
    for state in State:
        remember(database, thread=state, state=state)

    assert set(found(database)) == set(UNSETTLED)
    assert set(found(database, Asked(states=CLOSED))) == {"answered", "dismissed"}
    assert set(found(database, Asked(states=EVERY))) == {*State} - {"merged"}


def test_days(database):
    for number, thread in enumerate("abc"):
        remember(database, thread=thread, waiting_since=NOON + number * HOUR, due_at=None)

    assert found(database, Asked(since=NOON + HOUR)) == ["b", "c"]
    assert found(database, Asked(before=NOON + HOUR)) == ["a"]
    assert found(database, Asked(since=NOON + HOUR, before=NOON + 2 * HOUR)) == ["b"]


def test_too_late_means_late_now_or_late_when_it_ended(database):
    remember(database, thread="late", due_at=NOON)
    remember(database, thread="in time", due_at=NOON + HOUR)
    ended = {"state": State.ANSWERED, "due_at": NOON}
    remember(database, thread="broken", verdict=Standing.BROKEN, **ended)
    remember(database, thread="kept", verdict=Standing.KEPT, **ended)

    assert found(database, Asked(late_at=NOON)) == ["late"]
    assert found(database, Asked(late_at=NOON, states=CLOSED)) == ["broken"]
    assert set(found(database, Asked(late_at=NOON, states=EVERY))) == {"late", "broken"}


def test_tags_are_whole_words_in_small_or_large_letters_and_all_must_be_there(database):
    customer(database, "a", tags=["VIP", "Händler"])
    customer(database, "b", tags=["vipers"])
    customer(database, "c", tags=["press", "vip"])
    customer(database, "d")

    assert set(found(database, Asked(tags=["vip"]))) == {"a", "c"}
    assert found(database, Asked(tags=["vip", "press"])) == ["c"]
    assert found(database, Asked(tags=["HÄNDLER"])) == ["a"]
    assert found(database, Asked(tags=["%"])) == []


def test_languages_and_what_colleagues_know_better(database):
    customer(database, "a", language="de")
    remember(database, thread="b", language="de-AT")
    remember(database, thread="c", language="den")
    both = customer(database, "d")
    with database.begin() as db:
        row = update(tables.conversations).where(tables.conversations.c.id == both.id)
        db.execute(row.values(language="de"))
        who = update(tables.customers).where(tables.customers.c.id == both.customer)
        db.execute(who.values(language="fr"))

    assert set(found(database, Asked(languages=["de"]))) == {"a", "b"}
    assert found(database, Asked(languages=["fr"])) == ["d"]
    assert set(found(database, Asked(languages=["fr", "de-at"]))) == {"b", "d"}


@pytest.mark.parametrize(
    ("words", "threads"),
    [
        (["refund"], {"a", "b"}),
        (["REFUND"], {"a", "b"}),
        (["ärger"], {"c"}),
        (["ÄRGER"], {"c"}),
        (["100%"], {"d"}),
        (["1%o"], set()),
        (["_"], {"e"}),
        (["'; DROP TABLE mentions; --"], set()),
        (["back\\slash"], {"e"}),
        (["refund", "soon"], {"b"}),
        (["subject line"], {"f"}),
        (["/"], {"g"}),
    ],
)
def test_words_are_searched_in_what_customers_wrote(database, words, threads):
    says(database, "a", "I want a Refund.")
    says(database, "b", "REFUND me soon!")
    says(database, "c", "So ein Ärger")
    says(database, "d", "100% wool")
    says(database, "e", "snake_case and back\\slash")
    says(database, "f", "nothing", subject="The Subject Line")
    says(database, "g", "either/or")

    assert set(found(database, Asked(words=words))) == threads


def test_words_that_were_taken_back_or_are_nobodys_are_not_searched(database):
    says(database, "a", "refund", deleted=True)
    says(database, "b", "refund", origin="own")

    assert found(database, Asked(words=["refund"])) == []


def test_what_is_urgent_promised_or_waits_for_approval(database):
    remember(database, thread="a", urgent=True)
    remember(database, thread="b", promised_for=NOON)
    remember(database, thread="c", proposed="V1")

    assert found(database, Asked(urgent=True)) == ["a"]
    assert found(database, Asked(promised=True)) == ["b"]
    assert found(database, Asked(approval=True)) == ["c"]


def test_what_is_to_be_checked_is_a_complaint_that_nobody_has_judged(database):
    remember(database, thread="a", lane="check")
    remember(database, thread="b", lane="check", kind=Kind.QUESTION)
    remember(database, thread="c", lane="check", waits=False)
    remember(database, thread="d", lane="sure")

    assert found(database, Asked(unchecked=True)) == ["a"]


def test_what_is_snoozed_at_that_moment(database):
    asleep = (Pause(NOON - HOUR, NOON, "x"), Pause(NOON, NOON + HOUR, "parcel"))
    remember(database, thread="a", pauses=asleep, snoozed_by="U0ANA")
    remember(database, thread="over", pauses=asleep[:1], snoozed_by="U0ANA")
    remember(database, thread="never")
    remember(database, thread="replying", pauses=asleep, snoozed_by="U", state=State.REPLYING)

    assert found(database, Asked(snoozed_at=NOON)) == ["a"]
    assert found(database, Asked(snoozed_at=NOON + HOUR - MINUTE)) == ["a"]
    assert found(database, Asked(snoozed_at=NOON + HOUR)) == []


def test_totals_count_what_the_list_shows(database):
    remember(database, thread="a", due_at=NOON)
    remember(database, thread="b", owner="U0ANA", state=State.CLAIMED)
    remember(database, thread="c", state=State.DISMISSED, owner="U0ANA", due_at=NOON)
    remember(database, thread="d", state=State.ANSWERED, verdict=Standing.KEPT)
    remember(database, thread="e", state=State.ANSWERED, verdict=Standing.BROKEN)

    with reading(database) as db:
        waiting = search.totals(db, ALL, NOON)
        every = search.totals(db, Asked(states=EVERY), NOON)

    assert (waiting.waiting, waiting.late, waiting.claimed) == (2, 1, 1)
    assert (waiting.found, waiting.closed) == (2, 0)
    assert (every.waiting, every.late, every.claimed) == (2, 1, 1)
    assert (every.closed, every.kept, every.broken, every.found) == (3, 1, 1, 5)


def test_a_page_knows_how_many_there_are(database):
    for thread in "abcde":
        remember(database, thread=thread)

    with reading(database) as db:
        page = search.page(db, ALL, most=2, skip=1)
        beyond = search.page(db, ALL, most=2, skip=9)
        numbers = search.numbers(db, ALL, most=3)

    assert ([each.conversation.thread for each in page.found], page.many) == (["b", "c"], 5)
    assert (list(beyond.found), beyond.many) == ([], 0)
    assert len(numbers) == 3


def test_a_line_of_the_list_has_the_newest_words_that_stand(database):
    known = remember(database)
    with database.begin() as db:
        for key, deleted in (("1", False), ("2", False), ("3", True)):
            said = mention(f"words {key}", key=key, deleted=deleted)
            mentions.add(db, said, customer=known.customer, conversation=known.id, at=NOON)

        [line] = search.unanswered(db, ALL, most=5)

    assert (line.words, line.customer) == ("words 2", MIRA)
