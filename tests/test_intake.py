"""What platforms have comes in once, whole, and in spite of everything."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from adapters import Batch
from adapters.demo import Demo
from bot.domain.conversation import State
from bot.domain.delivery import Errand, LockedOut, TryLater
from bot.domain.mention import Kind
from bot.domain.team import Teams
from storage import accounts, mentions, outbox
from storage.database import reading
from storage.tables import mentions as kept
from storage.tables import unreadable
from tests.conftest import CARE, NOON
from tests.people import ANA, answer, nag_all
from tests.things import HOUR, MINUTE, SECOND


class Moody(Demo):
    """The demo platform, with its bad days."""

    trouble: Exception | None = None
    gap = ""
    changes: tuple = ()
    asked: list = ()

    def fetch(self, cursor):
        if self.trouble:
            raise self.trouble
        return replace(super().fetch(cursor), gap=self.gap)

    def recheck(self, keys):
        self.asked = [*self.asked, list(keys)]
        if self.trouble:
            raise self.trouble
        return self.changes


@pytest.fixture
def demo(clock):
    return Moody("demo", {}, clock, timedelta(days=7))


@pytest.fixture
def poll(app, demo, clock):
    """A moment passes, and the account is read."""

    def read(**span: float) -> int:
        clock.pass_(**(span or {"seconds": 1}))
        return app.intake.poll("demo", demo)

    return read


def conversation(app, number: int = 1):
    return app.desk.look(number).conversation


def account(app, name: str = "demo"):
    with reading(app.desk.database) as db:
        return next(each for each in accounts.all_of(db) if each.name == name)


def notices(app) -> list[str]:
    """What the bot owes to say about itself, and what it has said."""
    with reading(app.desk.database) as db:
        rows = db.execute(select(outbox.o.detail).where(outbox.o.errand == Errand.NOTICE))
        return list(rows.scalars())


def set_aside(app) -> list[str]:
    with reading(app.desk.database) as db:
        return list(db.execute(select(unreadable.c.key)).scalars())


def words(app, number: int = 1) -> list[str]:
    return [said.text for said in app.desk.look(number).mentions]


def all_words(app) -> list[str]:
    with reading(app.desk.database) as db:
        return list(db.execute(select(kept.c.text).order_by(kept.c.id)).scalars())


# A page and its cursor


def test_a_mention_opens_a_conversation_whose_clock_starts_when_it_was_posted(app, demo, poll):
    demo.post("My order is broken")

    assert poll(minutes=20) == 1

    it = conversation(app)
    assert (it.kind, it.waiting_since, it.due_at) == (Kind.COMPLAINT, NOON, NOON + HOUR)
    assert account(app).cursor == "1"


class Died(BaseException):
    """The process is killed."""


@pytest.mark.fault(1)
def test_a_process_that_dies_before_the_page_is_written_loses_nothing(app, demo, poll):
    demo.post("one")
    demo.post("two")

    def die_at_the_second(hearing, said):
        hearing.hear(said[0])
        raise Died

    with pytest.raises(Died):
        app.intake._write("demo", demo.fetch("0"), die_at_the_second, read_from="0")
    assert account(app).cursor == "0"

    assert poll() == 2
    assert all_words(app) == ["one", "two"]


@pytest.mark.fault(44)
@pytest.mark.fault(2)
def test_a_page_that_comes_again_is_known(app, demo, poll):
    demo.post("one")
    poll()

    assert app.intake.receive("demo", demo.fetch("0"), read_from="1") == 0
    assert app.intake.receive("demo", demo.fetch("0"), read_from="0") == 1 - 1
    assert words(app) == ["one"]


def test_many_pages_are_read_in_one_go(app, demo, poll):
    for n in range(230):
        demo.post(f"number {n}", by=f"customer{n}")

    assert poll() == 230
    assert account(app).cursor == "230"


@pytest.mark.fault(44)
def test_the_same_post_twice_in_one_page_is_one(app, demo, poll):
    demo.post("one")
    demo._write(demo.events[0])

    assert poll() == 1
    assert words(app) == ["one"]


@pytest.mark.fault(44)
def test_two_accounts_of_one_platform_have_their_own_posts_and_cursors(app, demo, poll, clock):
    two = Demo("demo:two", {}, clock, timedelta(days=7))
    app.intake.poll("demo:two", two)
    demo.post("Broken here")
    two.post("Broken there")

    poll()
    app.intake.poll("demo:two", two)

    accounts_ = [conversation(app, number).account for number in (1, 2)]
    assert accounts_ == ["demo", "demo:two"]
    assert conversation(app, 1).customer == conversation(app, 2).customer


def test_an_answer_from_here_is_not_taken_for_one_on_another_account(app, demo, poll, clock):
    two = Demo("demo:two", {}, clock, timedelta(days=7))
    app.intake.poll("demo:two", two)
    first = demo.post("Broken here")
    poll()
    app.answering.reply(1, ANA, "Sorry", mention=1, key="k")
    app.courier.deliver_all()
    other = two.post("Broken there")
    app.intake.poll("demo:two", two)

    two.answer_elsewhere(other, "We are on it")
    clock.pass_(seconds=2)
    app.intake.poll("demo:two", two)

    assert demo.answered("k").key == "d2" == two.answers()[0].key
    assert conversation(app, 2).state is State.ANSWERED
    assert first


def test_each_team_hears_its_own_accounts(assemble, demo, clock):
    press = replace(CARE, name="press", channel="C0PRESS", hears=("demo:press",))
    app = assemble(teams=Teams({"care": CARE, "press": press}))
    two = Demo("demo:press", {}, clock, timedelta(days=7))
    for name, adapter in (("demo", demo), ("demo:press", two)):
        app.intake.poll(name, adapter)
        adapter.post("Broken")
        clock.pass_(seconds=1)
        app.intake.poll(name, adapter)

    with reading(app.desk.database) as db:
        where = {owed.conversation: owed.destination for owed in outbox.pending(db)}

    assert [conversation(app, number).team for number in (1, 2)] == ["care", "press"]
    assert where == {1: "C0CARE", 2: "C0PRESS"}


# What is said further


def test_a_second_message_belongs_to_the_same_conversation_and_moves_nothing(app, demo, poll):
    first = demo.post("My order is broken")
    poll()

    demo.post("Hello?", parent=first)
    poll(minutes=30)

    assert words(app) == ["My order is broken", "Hello?"]
    assert conversation(app).due_at == NOON + HOUR


@pytest.mark.fault(45)
def test_a_late_older_message_moves_the_clock_back(app, demo, poll, clock):
    clock.pass_(minutes=10)
    first = demo.post("My order is broken")
    poll()

    demo.post("I ordered on Monday", parent=first, at=NOON + MINUTE)
    poll()

    assert conversation(app).due_at == NOON + MINUTE + HOUR


def test_two_customers_in_one_thread_are_two_conversations(app, demo, poll):
    first = demo.post("Broken", by="mira")

    demo.post("Mine is broken too", by="ken", parent=first)
    poll()

    assert (words(app, 1), words(app, 2)) == (["Broken"], ["Mine is broken too"])


def test_praise_that_turns_into_a_complaint_has_a_deadline(app, demo, poll):
    first = demo.post("I love it, thank you!")
    poll()
    assert conversation(app).due_at is None

    demo.post("Now it is broken", parent=first)
    poll()

    it = conversation(app)
    assert (it.kind, it.due_at) == (Kind.COMPLAINT, NOON + HOUR)


# What becomes of posts


@pytest.mark.fault(43)
def test_an_edit_is_shown_and_starts_no_new_clock(app, slack, demo, poll, hear):
    key = hear("My order is broken")

    demo.edit(key, "My order 17 is broken")
    poll()
    app.courier.deliver_all()

    [card] = slack.messages.values()
    assert "order 17" in str(card["blocks"])
    assert conversation(app).due_at == NOON + HOUR


@pytest.mark.fault(43)
def test_what_was_deleted_needs_no_answer_and_its_thread_says_so(app, slack, demo, poll, hear):
    key = hear()

    demo.delete(key)
    poll()
    app.courier.deliver_all()

    _, note = slack.messages.values()
    assert "deleted" in note["text"]
    assert conversation(app).state is State.DISMISSED
    poll(hours=2)
    assert not app.sweep.nag_some()


def test_when_the_first_of_two_is_deleted_the_clock_starts_at_the_second(app, demo, poll):
    first = demo.post("My order is broken")
    poll(minutes=5)
    demo.post("Hello?", parent=first)
    poll()

    demo.delete(first)
    poll()

    it = conversation(app)
    assert (it.state, it.due_at) == (State.WAITING, NOON + 5 * MINUTE + HOUR)


def test_what_is_deleted_before_we_ever_read_it_is_kept_and_nobodys_work(app, demo, poll):
    demo.post("My order is broken", deleted=True)

    assert poll() == 1

    with reading(app.desk.database) as db:
        assert mentions.find(db, "demo", "d1")[1] is None
        assert outbox.pending(db) == []


def test_a_deletion_is_told_once(app, demo, poll, hear):
    key = hear()
    demo.delete(key)
    demo.delete(key)

    poll()
    poll()

    with reading(app.desk.database) as db:
        assert [owed.errand for owed in outbox.pending(db)].count(Errand.NOTE) == 1


def test_a_deletion_of_what_was_never_shown_owes_nothing(assemble, demo, clock):
    key = demo.post("Where can I find my invoice?")
    clock.pass_(hours=5)
    app = assemble()
    app.intake.poll("demo", demo)

    demo.delete(key)
    clock.pass_(seconds=1)
    app.intake.poll("demo", demo)

    with reading(app.desk.database) as db:
        assert outbox.pending(db) == []


# What the brand says


@pytest.mark.fault(48)
def test_an_answer_from_elsewhere_stops_the_clock(app, slack, demo, poll, hear):
    key = hear()

    demo.answer_elsewhere(key, "We are on it")
    poll(minutes=5)
    app.courier.deliver_all()

    it = conversation(app)
    assert (it.state, it.closed_by, it.closed_at) == (State.ANSWERED, None, NOON + SECOND)
    [card] = slack.messages.values()
    assert "We are on it" in str(card["blocks"])


@pytest.mark.fault(45)
def test_an_answer_from_elsewhere_that_comes_before_its_question_stops_the_clock_too(
    app, slack, demo, poll
):
    demo._write({"key": "q", "by": "mira", "text": "Broken", "at": NOON.isoformat()})
    answer = demo.answer_elsewhere("q", "We are on it")
    question = demo.events.pop(0)
    poll()

    demo._write(question)
    poll()
    app.courier.deliver_all()

    case = app.desk.look(1)
    assert case.conversation.state is State.ANSWERED
    assert case.answer_from_elsewhere.key == answer
    assert slack.messages == {}


def test_words_after_an_answer_from_elsewhere_are_waiting(app, demo, poll, clock, hear):
    first = hear()
    demo.answer_elsewhere(first, "We are on it")
    clock.pass_(minutes=1)
    demo.post("Broken again", parent=first)

    poll()

    it = conversation(app)
    assert (it.state, it.waiting_since) == (State.WAITING, NOON + MINUTE + SECOND)


def test_our_own_answer_seen_while_it_is_on_its_way_is_not_one_from_elsewhere(
    app, demo, poll, hear
):
    first = hear()
    app.answering.reply(1, ANA, "Sorry", mention=1, key="k")
    key = demo._add(by="acme", text="Sorry", parent=first, ours="k")

    poll()
    assert conversation(app).state is State.REPLYING

    app.courier.deliver_all()
    poll()
    assert next(answer.key for answer in demo.answers()) == key
    assert (conversation(app).state, conversation(app).closed_by) == (State.ANSWERED, ANA)


def test_our_own_answer_seen_after_it_was_sent_is_not_one_from_elsewhere(app, demo, poll, hear):
    first = hear()
    app.answering.reply(1, ANA, "Sorry", mention=1, key="k")
    demo.post("Hello?", parent=first)
    poll()

    app.courier.deliver_all()
    poll()

    assert conversation(app).state is State.WAITING


def test_an_older_post_of_ours_that_comes_late_answers_nothing(app, slack, demo, clock, hear):
    first = hear("Where is my order?")
    early = clock()
    clock.pass_(minutes=5)
    answer(app, slack, 1, "It is on its way.")
    clock.pass_(minutes=5)
    hear("And my money?", parent=first)
    before = app.desk.look(1).conversation
    demo._add(by="acme", text="We look into it.", parent=first, at=early)

    clock.pass_(minutes=1)
    app.intake.poll("demo", demo)

    assert app.desk.look(1).conversation == before


def test_who_answered_there_has_seen_what_we_hear_only_later(app, demo, clock, hear):
    first = hear("Where is my order?")
    clock.pass_(minutes=5)
    between = clock()
    clock.pass_(minutes=5)
    demo.answer_elsewhere(first, "It is on its way.")
    app.intake.poll("demo", demo)
    demo._add(by="mira", text="Hello?", parent=first, at=between)

    clock.pass_(minutes=1)
    app.intake.poll("demo", demo)

    assert len(app.desk.look(1).mentions) > 1
    assert conversation(app).state is State.ANSWERED


def test_an_answer_in_doubt_that_turns_up_is_settled(app, demo, poll, hear):
    first = hear()
    app.answering.reply(1, ANA, "Sorry", mention=1, key="k")
    app.answering.reply_in_doubt("k", "Nobody can look.")
    assert conversation(app).unsure == "k"

    demo._add(by="acme", text="Sorry", parent=first, ours="k")
    poll()

    assert (conversation(app).state, conversation(app).unsure) == (State.ANSWERED, None)
    assert app.desk.look(1).reply.sent_key == "d2"


def test_what_the_brand_says_to_nobody_is_kept_and_nobodys_work(app, demo, poll):
    demo._add(by="acme", text="Spring sale!")

    assert poll() == 1
    with reading(app.desk.database) as db:
        assert outbox.pending(db) == []


# Machines


@pytest.mark.parametrize("origin", ["automated", "repost"])
def test_machines_and_reposts_are_kept_and_nobody_is_nagged(app, demo, clock, poll, origin):
    demo.post("My order is broken!", origin=origin)

    assert poll() == 1

    clock.pass_(days=3)
    assert not app.sweep.nag_some()
    with reading(app.desk.database) as db:
        assert mentions.find(db, "demo", "d1")
        assert outbox.pending(db) == []


def test_an_automatic_answer_in_a_thread_is_shown_there_and_stops_no_clock(
    app, slack, demo, poll, hear
):
    first = hear()

    demo.post("I am out of office", parent=first, origin="automated")
    poll()
    app.courier.deliver_all()

    _, note = slack.messages.values()
    assert "out of office" in note["text"]
    assert conversation(app).due_at == NOON + HOUR


# The first import


@pytest.fixture
def first_start(assemble, demo, clock):
    """The bot is started for the first time, five hours after these posts."""

    def begin(**settings):
        clock.pass_(hours=5)
        app = assemble(**settings)
        app.intake.poll("demo", demo)
        app.courier.deliver_all()
        return app

    return begin


def test_what_is_older_than_the_bot_is_kept_silently(first_start, slack, demo, clock):
    demo.post("Where can I find my invoice?")

    app = first_start()

    assert slack.messages == {}
    assert conversation(app).state is State.DISMISSED
    clock.pass_(days=3)
    assert not app.sweep.nag_some()


def test_open_complaints_that_a_promise_still_covers_are_shown(first_start, slack, demo):
    demo.post("My order is broken")
    demo.post("Mine too: broken", by="ken", at=NOON - timedelta(days=1))

    first_start()

    [card] = slack.messages.values()
    assert "My order is broken" in str(card["blocks"])


def test_what_was_answered_before_the_bot_came_is_not_shown(first_start, slack, demo):
    key = demo.post("My order is broken")
    demo.answer_elsewhere(key, "We are on it")

    app = first_start()

    assert slack.messages == {}
    assert conversation(app).state is State.ANSWERED


def test_a_complaint_that_was_repeated_after_an_answer_is_shown(first_start, slack, demo):
    key = demo.post("My order is broken")
    demo.answer_elsewhere(key, "We are on it")
    demo.post("Still broken", parent=key, at=NOON + MINUTE)

    app = first_start()

    assert len(slack.messages) == 1
    assert conversation(app).waiting_since == NOON + MINUTE


def test_a_question_that_became_a_complaint_before_the_bot_came_is_shown(first_start, slack, demo):
    key = demo.post("Where is my order?")
    demo.post("Where is it? This is unacceptable!", parent=key, at=NOON + MINUTE)

    first_start()

    assert len(slack.messages) == 1


def test_import_days_says_how_much_of_the_past_is_shown(first_start, slack, demo):
    demo.post("Where can I find my invoice?")
    demo.post("Where is my order?", by="ken", at=NOON - timedelta(days=2))

    app = first_start(import_days=1)

    [card] = slack.messages.values()
    assert "invoice" in str(card["blocks"])
    assert conversation(app, 2).state is State.WAITING


def test_a_silent_customer_who_writes_again_is_heard(first_start, slack, demo, clock):
    key = demo.post("Where can I find my invoice?")
    app = first_start()

    demo.post("I still have not found it. How do I get it?", parent=key)
    clock.pass_(seconds=1)
    app.intake.poll("demo", demo)
    app.courier.deliver_all()

    [card] = slack.messages.values()
    assert "still have not found" in str(card["blocks"])
    assert conversation(app).state is State.WAITING


# Poison


@pytest.mark.fault(39)
def test_what_nobody_can_read_is_kept_and_the_rest_goes_on(app, demo, poll):
    demo.post("one")
    demo.spoil()
    demo.post("two", by="ken")

    assert poll() == 2
    assert set_aside(app) == ["d2"]
    assert account(app).cursor == "3"
    [told] = notices(app)
    assert "1 item on demo could not be read" in told


@pytest.mark.fault(39)
def test_a_mention_that_the_database_refuses_is_set_aside_and_the_rest_goes_on(app, demo, poll):
    demo.post("one")
    demo.post("famous", by="star", followers=2**70)
    demo.post("two", by="ken")

    assert poll() == 2
    assert set_aside(app) == ["d2"]
    assert all_words(app) == ["one", "two"]
    assert account(app).failures == 0


@pytest.mark.fault(41)
def test_nul_and_lone_surrogates_come_in_as_replacements_and_nothing_is_set_aside(app, demo, poll):
    demo.post("My order\0 is \ud800 broken", by="mi\0ra", name="M\udfff", thread="t\0")

    assert poll() == 1
    assert set_aside(app) == []
    assert words(app) == ["My order\ufffd is \ufffd broken"]
    assert app.desk.look(1).customer.name == "M\ufffd"


@pytest.mark.fault(40)
def test_a_very_long_text_is_kept_whole(app, demo, poll):
    demo.post("broken " * 20_000)

    assert poll() == 1
    assert len(words(app)[0]) == 140_000


# Bad days of a platform


@pytest.mark.fault(16)
def test_a_platform_that_is_away_is_asked_again_later_and_ever_more_rarely(app, demo, poll):
    demo.trouble = TryLater("Error 503.")
    demo.post("Broken")

    waits = []
    for _ in range(5):
        poll(hours=1)
        waits.append(account(app).next_poll_at - app.desk.now())

    doubled = [timedelta(seconds=2**n) for n in (1, 2, 3, 4, 5)]
    assert all(0.5 <= wait / double < 1.5 for wait, double in zip(waits, doubled, strict=True))
    demo.trouble = None
    assert poll(minutes=1) == 1
    assert account(app).failing_since is None


def test_a_platform_that_says_how_long_is_left_in_peace_that_long(app, demo, poll):
    demo.trouble = TryLater("Too many.", timedelta(minutes=15))
    poll()

    demo.trouble = None
    demo.post("Broken")

    assert poll(minutes=14) == 0
    assert poll(minutes=1) == 1


def test_the_channel_hears_of_it_after_fifteen_minutes_once_and_when_it_is_over(app, demo, poll):
    demo.trouble = TryLater("Error 503.")
    poll()
    poll(minutes=14)
    assert notices(app) == []

    poll(minutes=2)
    poll(hours=1)
    [told] = notices(app)
    assert "can't read demo: Error 503." in told

    demo.trouble = None
    poll(hours=1)
    poll(hours=1)
    assert len(notices(app)) == 2
    assert "again" in notices(app)[1]


def test_a_short_trouble_is_not_worth_a_word(app, demo, poll):
    demo.trouble = TryLater("Error 503.")
    poll()
    demo.trouble = None
    poll(minutes=1)

    assert notices(app) == []


def test_wrong_credentials_are_told_at_once_and_tried_again_in_an_hour(app, demo, poll):
    demo.trouble = LockedOut("Look at DEMO_TOKEN.")
    poll()
    [told] = notices(app)
    assert "DEMO_TOKEN" in told

    demo.post("Broken")
    demo.trouble = None
    assert poll(minutes=59) == 0
    assert poll(minutes=1) == 1


@pytest.mark.fault(18)
def test_wrong_credentials_are_told_once(app, demo, poll):
    demo.trouble = LockedOut("Look at DEMO_TOKEN.")
    for _ in range(4):
        poll(hours=1)

    assert len(notices(app)) == 1


def test_credentials_are_tried_again_after_a_restart(app, assemble, demo, poll, clock):
    demo.trouble = LockedOut("Look at DEMO_TOKEN.")
    poll()
    demo.trouble = None
    demo.post("Broken")

    restarted = assemble()
    restarted.settle_in()

    assert restarted.intake.poll("demo", demo) == 1
    assert len(notices(app)) == 2


@pytest.mark.fault(18)
def test_one_account_that_is_locked_out_holds_up_no_other(app, demo, poll, clock):
    two = Demo("demo:two", {}, clock, timedelta(days=7))
    app.intake.poll("demo:two", two)
    demo.trouble = LockedOut("Look at DEMO_TOKEN.")
    two.post("Broken")
    poll()

    assert app.intake.poll("demo:two", two) == 1


def test_an_error_of_ours_waits_like_an_outage(app, demo, poll):
    demo.trouble = KeyError("nonsense")
    poll()
    poll(minutes=16)

    [told] = notices(app)
    assert "an error of ours (KeyError)" in told
    assert "nonsense" not in told
    demo.trouble = None
    demo.post("Broken")
    assert poll(hours=1) == 1


@pytest.mark.fault(47)
def test_what_a_platform_can_no_longer_give_is_told(app, demo, poll):
    demo.gap = "Posts from before Monday can't be read any more."

    poll()

    [told] = notices(app)
    assert "before Monday" in told


@pytest.mark.fault(47)
def test_a_gap_after_an_outage_is_told_beside_the_good_news(app, demo, poll):
    demo.trouble = LockedOut("Look at DEMO_TOKEN.")
    poll()
    demo.trouble, demo.gap = None, "Posts from before Monday can't be read any more."
    demo.post("Broken")

    assert poll(hours=1) == 1
    assert len(notices(app)) == 3


# How far it has surely been read


class Slowly:
    """A platform that takes a minute for each page, and a batch for each."""

    every = timedelta(minutes=1)

    def __init__(self, clock, *batches):
        self.clock, self.batches, self.fetched = clock, list(batches), 0

    def fetch(self, cursor):
        self.clock.pass_(minutes=1)
        batch = self.batches[self.fetched]
        self.fetched += 1
        if isinstance(batch, Exception):
            raise batch
        return batch


def test_all_is_surely_read_up_to_when_the_last_page_was_asked_for(app, clock):
    began = clock.at = clock.at + timedelta(hours=1)
    pages = [Batch(mentions=[], cursor=str(n), more=n < 3) for n in (1, 2, 3)]

    app.intake.poll("demo", Slowly(clock, *pages))

    known = account(app)
    assert known.fetched_at == began + timedelta(minutes=3)
    assert known.read_to == began + timedelta(minutes=2)


def test_while_pages_are_left_and_while_it_fails_the_watermark_stays(app, clock):
    stays = account(app).read_to
    clock.pass_(hours=1)
    broken = [Batch(mentions=[], cursor="1", more=True), TryLater("Error 503.")]

    app.intake.poll("demo", Slowly(clock, *broken))

    known = account(app)
    assert (known.read_to, known.cursor) == (stays, "1")
    assert known.failing_since == clock()


def test_a_gap_is_remembered_with_its_moment(app, demo, poll, clock):
    demo.gap = "Posts from before Monday can't be read any more."
    poll()
    then, demo.gap = clock(), ""

    poll(hours=1)

    known = account(app)
    assert (known.gap, known.gap_at) == ("Posts from before Monday can't be read any more.", then)
    assert known.read_to == clock()


# Rechecks


def test_what_waits_is_rechecked_once_an_hour(app, demo, clock, poll, hear):
    key = hear()
    demo.post("Thanks", by="acme", parent=hear("Broken", by="ken"))
    poll()

    app.intake.recheck("demo", demo)
    app.intake.recheck("demo", demo)
    clock.pass_(hours=1)
    app.intake.recheck("demo", demo)

    assert demo.asked == [[key], [key]]


@pytest.mark.fault(43)
def test_a_recheck_hears_of_deletions_and_edits(app, demo, hear):
    first, second = hear("Broken", by="mira"), hear("Broken too", by="ken")
    edited = replace(app.desk.look(2).mentions[0], text="Bro\0ken!", revision="2")
    demo.changes = (first, edited, "never heard of")

    app.intake.recheck("demo", demo)

    assert conversation(app, 1).state is State.DISMISSED
    assert words(app, 2) == ["Bro\ufffdken!"]
    assert second


def test_when_a_recheck_fails_it_is_tried_again_an_hour_later(app, demo, clock, hear):
    hear()
    demo.trouble = TryLater("Error 503.")
    with pytest.raises(TryLater):
        app.intake.recheck("demo", demo)

    demo.trouble = None
    app.intake.recheck("demo", demo)
    clock.pass_(hours=1)
    app.intake.recheck("demo", demo)

    assert len(demo.asked) == 2


@pytest.mark.fault(43)
def test_a_deletion_while_our_answer_is_on_its_way_closes_it_when_the_answer_is_refused(
    app, demo, poll, hear
):
    key = hear()
    app.answering.reply(1, ANA, "Sorry", mention=1, key="k")
    demo.delete(key)
    poll()
    assert conversation(app).state is State.REPLYING

    app.courier.deliver_all()

    assert conversation(app).state is State.DISMISSED
    nag_all(app)


def test_every_kind_of_post_is_kept(app, demo, poll):
    demo.post("one")
    demo.post("auto", origin="automated")
    demo._add(by="acme", text="Sale!")
    demo.post("gone", deleted=True)
    poll()

    with reading(app.desk.database) as db:
        assert len(db.execute(select(kept)).all()) == 4


def test_an_answer_to_our_answer_goes_on_with_its_conversation_whatever_its_thread(app, demo, poll):
    key = demo.post("My order is broken")
    poll()
    app.answering.reply(1, "U0ANA", "Which one?", mention=1, key="V1")
    app.courier.deliver_all()
    [answer] = demo.answers()

    demo.post("The kettle", parent=answer.key, thread="another")
    demo.post("Hello?", parent=key, thread="a third")
    poll()

    assert [m.text for m in app.desk.look(1).heard] == [
        "My order is broken",
        "The kettle",
        "Hello?",
    ]


def test_someone_else_who_answers_there_has_a_conversation_of_their_own(app, demo, poll):
    key = demo.post("My order is broken", by="mira")
    demo.post("Mine is broken too", by="ken", parent=key, thread="another")
    poll()

    assert app.desk.look(2).customer.handle == "@ken"


def test_thanks_after_an_answer_are_praise_and_not_the_old_complaint(app, demo, poll):
    key = demo.post("My order is broken")
    poll()
    app.answering.reply(1, "U0ANA", "A new one is on its way.", mention=1, key="V1")
    app.courier.deliver_all()

    demo.post("Thank you so much!", parent=key)
    poll()
    assert conversation(app).kind is Kind.PRAISE

    demo.post("It is broken again", parent=key)
    poll()
    assert conversation(app).kind is Kind.COMPLAINT


def test_an_edit_can_turn_a_question_into_a_complaint(app, demo, poll):
    key = demo.post("When will it come?")
    poll()

    demo.edit(key, "When will it come? I am still waiting for my refund!")
    poll()

    assert conversation(app).kind is Kind.COMPLAINT
