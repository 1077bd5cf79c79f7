"""Notes, reminders and identities, as the database keeps them."""

from bot.domain.conversation import State
from bot.domain.mention import Customer
from storage import conversations, customers, follow_ups, merges, notes
from storage.database import reading
from tests.conftest import NOON
from tests.people import ANA, BEN
from tests.things import HOUR, MINUTE, remember


def meet(database, key: str) -> int:
    with database.begin() as db:
        return customers.meet(db, Customer(platform="demo", key=key, handle=f"@{key}"))


def test_one_who_was_joined_by_nobody_is_all_that_they_are(database):
    mira = meet(database, "mira")

    with reading(database) as db:
        assert customers.identities(db, mira) == [mira]
        assert (customers.person(db, mira), customers.tags(db, mira)) == (mira, ())
        assert customers.ways(db, mira) == (None, None)


def test_identities_share_their_tags_however_they_are_written(database):
    one, two = meet(database, "mira"), meet(database, "mira_at_work")
    with database.begin() as db:
        customers.tag(db, one, ["VIP", "loyal"])
        customers.tag(db, two, ["vip"])
        customers.belong(db, two, one)

    with reading(database) as db:
        assert customers.identities(db, two) == [one, two]
        assert customers.tags(db, one) == customers.tags(db, two) == ("VIP", "loyal")


def test_the_next_reminder_is_the_one_that_is_due_longest(database):
    known = remember(database)
    with database.begin() as db:
        for minutes in (20, 10, 90):
            at = NOON + minutes * MINUTE
            follow_ups.add(db, known.id, ANA, str(minutes), at=NOON, due_at=at)

    with database.begin() as db:
        assert follow_ups.hold_next(db, NOON) is None
        first = follow_ups.hold_next(db, NOON + HOUR)
        follow_ups.done(db, first.id, NOON + HOUR)
        assert not follow_ups.drop(db, first.id)
        second = follow_ups.hold_next(db, NOON + HOUR)
        follow_ups.put_off(db, second.id, NOON + 2 * HOUR)
        assert follow_ups.hold_next(db, NOON + HOUR) is None
        coming = [each.text for each in follow_ups.open_with(db, [known.customer])]

    assert (first.text, second.text, coming) == ("10", "20", ["90", "20"])


def test_notes_are_of_the_customers_one_asks_for(database):
    one, two = meet(database, "mira"), meet(database, "ben")
    with database.begin() as db:
        first = notes.add(db, one, ANA, "first", NOON)
        notes.add(db, two, BEN, "other", NOON)
        notes.add(db, one, BEN, "second", NOON)

    with database.begin() as db:
        assert [each.text for each in notes.of_customers(db, [one])] == ["second", "first"]
        assert (notes.count(db, [one]), notes.count(db, [one, two])) == (2, 3)
        assert notes.drop(db, first)
        assert not notes.drop(db, first)
        assert notes.get(db, first) is None


def test_a_row_goes_back_but_for_where_its_card_hangs(database):
    known = remember(database, owner=ANA, state=State.CLAIMED, tags=("VIP",))
    with database.begin() as db:
        was = merges.row(db, known.id)
        changed = conversations.hold(db, known.id).merge_into(9, BEN, NOON)
        conversations.save(db, changed)
        conversations.hang(db, known.id, channel="C0CARE", card="1.0")
        merges.put_back(db, was)

    with reading(database) as db:
        back = conversations.get(db, known.id)
        assert (back.owner, back.state, back.version) == (ANA, State.CLAIMED, known.version)
        assert (back.channel, back.card, back.tags) == ("C0CARE", "1.0", ("VIP",))


def test_a_survivor_is_found_through_all_that_it_absorbed(database):
    for number in (1, 2, 3):
        remember(database, thread=f"t{number}", merged_into=number + 1 if number < 3 else None)

    with database.begin() as db:
        assert [conversations.survivor(db, number) for number in (1, 2, 3)] == [3, 3, 3]
        assert conversations.hold_survivor(db, 1).id == 3
        assert conversations.find(db, "demo", "t1", 1).id == 3
        assert conversations.last_of(db, "demo", 1).id == 3
        assert conversations.last_of(db, "phone", 1) is None


def test_what_was_merged_across_two_people_is_found(database):
    remember(database, thread="a", merged_into=2, state=State.MERGED)
    remember(database, thread="b")
    other = meet(database, "ben")

    with database.begin() as db:
        assert conversations.split_by(db, [1]) is None
        changed = conversations.get(db, 2)
        db.exec_driver_sql(f"UPDATE conversations SET customer = {other} WHERE id = {changed.id}")
        assert conversations.split_by(db, [1]) == conversations.split_by(db, [other]) == 1
        assert conversations.split_by(db, [1, other]) is None


def test_who_answered_them_is_told_by_how_lately(database):
    for number, by in enumerate((ANA, BEN, ANA), start=1):
        at = NOON + number * MINUTE
        closed = {"state": State.ANSWERED, "closed_by": by, "closed_at": at, "answered_at": at}
        remember(database, thread=f"t{number}", **closed)

    with reading(database) as db:
        assert customers.known_by(db, [1], but=9, most=9) == [ANA, BEN]
        assert customers.known_by(db, [1], but=3, most=9) == [BEN, ANA]
        assert customers.known_by(db, [1], but=9, most=1) == [ANA]
        assert customers.known_by(db, [2], but=9, most=9) == []
