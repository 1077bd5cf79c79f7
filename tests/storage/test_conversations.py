"""What is late, and who holds it."""

from dataclasses import replace

import pytest
from sqlalchemy import event

from bot.domain.calendar import Pause
from bot.domain.clock import Owed, Standing
from bot.domain.conversation import State
from bot.domain.mention import Kind
from bot.domain.problems import NoSuchConversation
from storage import conversations, customers, digests
from storage.database import reading
from tests.conftest import NOON
from tests.things import HOUR, MINUTE, MIRA, remember


def kept(database, conversation):
    with database.begin() as db:
        return conversations.save(db, conversation)


def test_a_conversation_comes_back_as_it_was(database):
    known = remember(database)
    full = replace(
        known,
        kind=Kind.QUESTION,
        because="“?”",
        judged_by="U0ANA",
        state=State.DISMISSED,
        owner="U0BEN",
        due_at=NOON,
        next_nag_at=NOON,
        rungs_climbed=2,
        closed_at=NOON,
        closed_by="U0BEN",
        closed_because="spam",
        channel="C0CARE",
        card="1.1",
        quiet=True,
        unsure="k1",
        digest=7,
        language="de-AT",
        tags=("press", "vip"),
        held_since=NOON,
        claimed_until=NOON + HOUR,
        waits=False,
        thanks=True,
        owed=Owed.PROMISE,
        imminent_at=NOON,
        pauses=(Pause(NOON, NOON + HOUR, "waiting for the parcel"),),
        snoozed_by="U0ANA",
        until_they_write=True,
        answered_at=NOON,
        verdict=Standing.BROKEN,
        promised_at=NOON,
        promised_for=NOON + HOUR,
        promised_by="U0ANA",
        redraw_at=NOON,
        nag="1.2",
        nag_says="here thread",
        unsaid_until=NOON + HOUR,
    )

    saved = kept(database, full)

    with reading(database) as db:
        assert conversations.get(db, known.id) == saved == replace(full, version=1)


def test_a_number_that_is_nobodys_says_so(database):
    with pytest.raises(NoSuchConversation, match="no conversation 99"), reading(database) as db:
        conversations.get(db, 99)
    with pytest.raises(NoSuchConversation), database.begin() as db:
        conversations.hold(db, 99)


def test_a_customer_has_one_conversation_in_a_thread(database):
    known = remember(database, thread="a")
    remember(database, thread="b")

    with database.begin() as db:
        assert conversations.find(db, "demo", "a", known.customer) == known
        assert conversations.find(db, "demo", "a", known.customer + 1) is None
        assert conversations.find(db, "demo:two", "a", known.customer) is None


def test_hanging_a_card_decides_nothing(database):
    known = remember(database)

    with database.begin() as db:
        conversations.hang(db, known.id, channel="C0CARE", card="1.1")

    with reading(database) as db:
        hanging = conversations.get(db, known.id)
    assert hanging == replace(known, channel="C0CARE", card="1.1")


def overdue(db, at, most=9):
    return [each.thread for each in conversations.hold_overdue(db, "care", at, most=most)]


def test_a_nag_that_was_said_before_somebody_acted_is_not_the_last_word(database):
    nagged = remember(database)
    with database.begin() as db:
        conversations.nagged(db, nagged, nag="1.0", says="first")
        acted = conversations.save(db, conversations.hold(db, nagged.id))
        conversations.nagged(db, nagged, nag="2.0", says="late")

        assert conversations.get(db, acted.id).nag == "1.0"


def test_a_card_that_is_gone_takes_no_other_with_it(database):
    known = remember(database, channel="C0CARE", card="2.0")

    with database.begin() as db:
        conversations.unhang(db, known.id, "1.0")
        assert conversations.get(db, known.id).card == "2.0"
        conversations.unhang(db, known.id, "2.0")
        assert conversations.get(db, known.id).card is None


def test_the_overdue_are_held_latest_first(database):
    remember(database, thread="b", next_nag_at=NOON + 2 * MINUTE)
    remember(database, thread="a", next_nag_at=NOON + MINUTE)
    remember(database, thread="answering", next_nag_at=NOON, state=State.REPLYING)
    remember(database, thread="closed", next_nag_at=NOON, state=State.ANSWERED)
    remember(database, thread="no clock", next_nag_at=None)

    with database.begin() as db:
        assert overdue(db, NOON) == []
        assert overdue(db, NOON + MINUTE) == ["a"]
        assert overdue(db, NOON + HOUR) == ["a", "b"]
        assert overdue(db, NOON + HOUR, most=1) == ["a"]
        assert conversations.teams_overdue(db, NOON + HOUR) == ["care"]
        assert conversations.hold_overdue(db, "press", NOON + HOUR, most=9) == []


def test_all_that_is_unsettled_is_found_for_a_change_of_policy(database):
    for state in State:
        remember(database, thread=state, state=state)

    with database.begin() as db:
        first = conversations.hold_unsettled(db, after=0, most=2)
        rest = conversations.hold_unsettled(db, after=first[-1].id, most=2)
        others = conversations.hold_unsettled(db, after=0, most=9, customers=[99])

    assert [each.thread for each in first] == ["waiting", "claimed"]
    assert [each.thread for each in rest] == ["replying"]
    assert others == []


def test_a_claim_that_has_run_out_is_found_and_no_other(database):
    remember(database, thread="a", state=State.CLAIMED, claimed_until=NOON + MINUTE)
    remember(database, thread="b", state=State.CLAIMED, claimed_until=NOON)
    remember(database, thread="c", state=State.REPLYING, claimed_until=NOON)

    with database.begin() as db:
        assert conversations.hold_next_to_let_go(db, NOON - MINUTE) is None
        assert conversations.hold_next_to_let_go(db, NOON + HOUR).thread == "b"


def test_a_digest_knows_what_it_speaks_of(database):
    first = remember(database, thread="a", due_at=NOON + HOUR)
    second = remember(database, thread="b", due_at=NOON)
    with database.begin() as db:
        number = digests.open_new(db, team="care", channel="C0CARE", at=NOON)
        conversations.gather(db, [first.id, second.id], number)
        digests.hang(db, number, "1.1")

        gathered = conversations.in_digest(db, number)
        digest = digests.get(db, number)

    assert [each.conversation.thread for each in gathered] == ["b", "a"]
    assert (digest.card, digest.channel, digest.at) == ("1.1", "C0CARE", NOON)


def test_a_customer_who_comes_again_is_known_with_what_was_before(database):
    first = remember(database, thread="a")
    kept(database, first.dismiss("U0ANA", "spam", NOON + MINUTE))
    now = remember(database, thread="b", waiting_since=NOON + HOUR)

    with database.begin() as db:
        renamed = replace(MIRA, handle="@mira2", followers=9)
        assert customers.meet(db, renamed) == first.customer
        assert customers.get(db, first.customer) == renamed
        past = customers.past(db, first.customer, but=now.id)

    assert (past.times, past.last_state, past.last_closed_at) == (
        1,
        State.DISMISSED,
        NOON + MINUTE,
    )


def test_a_profile_is_a_snapshot_with_its_time(database):
    told = replace(
        MIRA, verified=True, since=NOON, place="Graz", speaks="de", website="https://m.example"
    )
    with database.begin() as db:
        id = customers.meet(db, told, NOON)
        customers.meet(db, told, NOON + HOUR)
        assert customers.get(db, id) == told
        assert customers.get(db, id).seen_at == NOON  # nothing new: not written

        customers.meet(db, told, NOON + 25 * HOUR)
        assert customers.get(db, id).seen_at == NOON + 25 * HOUR

        customers.meet(db, replace(told, place="Linz"), NOON + 26 * HOUR)
        assert customers.get(db, id).place == "Linz"
        assert customers.get(db, id).seen_at == NOON + 26 * HOUR


def test_of_several_only_what_differs_is_written_and_never_the_number(database):
    before = [remember(database, thread=str(n)) for n in range(3)]
    written = []

    def noted(*call):
        written.append(call[2])

    event.listen(database, "before_cursor_execute", noted)
    with database.begin() as db:
        conversations.save_all(db, [replace(each, owner="U0ANA") for each in before], before)
    event.remove(database, "before_cursor_execute", noted)

    [statement] = [each for each in written if each.startswith("UPDATE")]
    changed = statement.partition(" SET ")[2].partition(" FROM ")[0].partition(" WHERE ")[0]
    assert "owner=" in changed
    assert "version=" in changed
    assert changed.count("=") == 2
    with reading(database) as db:
        assert [conversations.get(db, each.id).owner for each in before] == ["U0ANA"] * 3
