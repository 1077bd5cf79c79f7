"""Lost answers, dead processes, rate limits: what is owed is done once, and never forgotten."""

from dataclasses import replace
from datetime import timedelta

import pytest

from adapters.demo import Demo
from bot.courier import Courier
from bot.domain.clock import OWNER, Rung, Where
from bot.domain.conversation import State
from bot.domain.delivery import LeaseLost, LockedOut, Refused, TryLater, Unsure
from bot.domain.mention import Kind
from bot.domain.problems import NotPossible
from bot.domain.team import Teams
from bot.pictures import Got
from storage import conversations, digests, outbox, surges
from storage.database import reading
from tests.conftest import CARE
from tests.people import ANA, BEN, LEA, answer, nag_all, press
from tests.things import MINUTE, SECOND

MAIL = "email:lea@acme.example"
SAYING = ("chat.postMessage", "chat.update", "chat.delete", "files.completeUploadExternal")


class Moody(Demo):
    """The demo platform, with its bad days: what goes wrong before and after it has published."""

    before: Exception | None = None
    after: BaseException | None = None
    attempts = 0

    def reply(self, mention, text, *, key, again, files=()):
        self.attempts += 1
        if self.before:
            raise self.before
        sent = super().reply(mention, text, key=key, again=again, files=files)
        if self.after:
            problem, self.after = self.after, None
            raise problem
        return sent


@pytest.fixture
def demo(clock):
    return Moody("demo", {}, clock, timedelta(days=7))


@pytest.fixture
def heard(app, demo, clock):
    """A customer posts and the bot hears; nothing is carried yet."""

    def post(words: str = "My order is broken", **more: object) -> str:
        key = demo.post(words, **more)
        clock.pass_(seconds=1)
        app.intake.poll("demo", demo)
        return key

    return post


@pytest.fixture
def later(app, clock):
    """Time passes, and the courier goes its rounds meanwhile."""

    def wait(**span: float) -> None:
        end = clock() + timedelta(**span)
        step = max(5 * SECOND, timedelta(**span) / 60)
        while clock() < end:
            clock.at = min(end, clock() + step)
            app.courier.deliver_all()

    return wait


@pytest.fixture
def faults(workspace):
    return workspace.faults


def owed(app) -> list[outbox.Owed]:
    with reading(app.desk.database) as db:
        return list(outbox.pending(db))


def conversation(app, number: int = 1):
    return app.desk.look(number).conversation


def texts(slack) -> list[str]:
    return [message["text"] for message in slack.messages.values()]


def begin_answer(app, key: str = "k", by: str = ANA) -> None:
    asked = app.desk.look(1).latest.id
    app.answering.reply(1, by, "So sorry!", mention=asked, key=key)


def posts(slack) -> int:
    return [method for method, _ in slack.calls].count("chat.postMessage")


# Slack loses answers, and we lose processes


@pytest.mark.fault(21)
@pytest.mark.fault(22)
@pytest.mark.parametrize("trouble", ["lost", "reset", "broken_after"])
def test_an_answer_lost_after_the_card_was_posted_leaves_one_card(
    app, slack, faults, heard, later, trouble
):
    faults.add(trouble, "chat.postMessage")
    heard()

    later(minutes=1)

    [card] = slack.messages.values()
    assert (conversation(app).card, posts(slack)) == (card["ts"], 1)
    assert owed(app) == []


@pytest.mark.fault(22)
def test_a_slow_answer_leaves_one_card(app, slack, faults, heard, later):
    faults.add("slow", "chat.postMessage", seconds=60)
    heard()

    later(minutes=1)

    assert (len(slack.messages), posts(slack)) == (1, 1)


@pytest.mark.fault(21)
def test_a_server_error_before_the_card_was_posted_is_tried_again(slack, faults, heard, later):
    faults.add("broken", "chat.postMessage", times=2)
    heard()

    later(minutes=2)

    assert (len(slack.messages), posts(slack)) == (1, 3)


def test_a_process_that_dies_after_posting_leaves_one_card(app, slack, clock, heard):
    heard()
    slack.fail_after = KeyboardInterrupt()
    with pytest.raises(KeyboardInterrupt):
        app.courier.deliver_all()

    clock.pass_(minutes=3)
    app.courier.deliver_all()

    assert conversation(app).card == next(iter(slack.messages))
    assert len(slack.messages) == 1


def test_a_process_that_dies_before_posting_leaves_one_card_too(app, slack, clock, heard):
    heard()
    slack.fail_before = KeyboardInterrupt()
    with pytest.raises(KeyboardInterrupt):
        app.courier.deliver_all()

    app.courier.deliver_all()
    assert slack.messages == {}
    clock.pass_(minutes=3)
    app.courier.deliver_all()

    assert len(slack.messages) == 1


@pytest.mark.fault(24)
def test_what_slack_shows_only_ten_seconds_later_is_not_posted_again(slack, faults, heard, later):
    faults.add("history_lag", seconds=10)
    faults.add("lost", "chat.postMessage")
    heard()

    later(minutes=1)

    assert posts(slack) == 1


def test_an_error_of_ours_after_posting_waits_until_slack_shows_it(slack, faults, heard, later):
    faults.add("history_lag", seconds=10)
    slack.fail_after = ValueError("an answer nobody understands")
    heard()

    later(minutes=1)

    assert posts(slack) == 1


def test_a_card_that_was_found_again_shows_what_happened_meanwhile(
    app, slack, faults, heard, later
):
    faults.add("lost", "chat.postMessage")
    heard()
    app.courier.deliver_all()
    app.desk.claim(1, by=ANA)

    later(minutes=1)

    [card] = slack.messages.values()
    assert "<@U0ANA> has it" in card["text"]


@pytest.mark.fault(21)
@pytest.mark.fault(22)
@pytest.mark.parametrize("trouble", ["lost", "broken_after"])
def test_an_answer_lost_after_a_nag_leaves_one_nag(app, slack, faults, clock, hear, later, trouble):
    hear()
    clock.pass_(minutes=60)
    faults.add(trouble, "chat.postMessage")
    nag_all(app)

    later(minutes=1)

    assert len(slack.messages) == 2


def test_a_history_that_is_many_pages_long_is_looked_through(
    slack, faults, workspace, heard, later
):
    faults.add("lost", "chat.postMessage")
    heard()
    later(seconds=5)
    for n in range(100):
        workspace.say(BEN, "C0CARE", f"chatter {n}")

    later(minutes=1)

    assert posts(slack) == 1


# Slack asks for patience


@pytest.mark.fault(20)
def test_a_rate_limit_is_obeyed_for_the_whole_channel(app, slack, faults, clock, heard, later):
    faults.add("rate_limited", "chat.postMessage", retry_after=30)
    heard("one broken", by="a")
    heard("two broken", by="b")
    app.courier.deliver_all()
    begun = clock()

    later(seconds=29)
    assert posts(slack) == 1

    clock.at = begun + 31 * SECOND
    app.courier.deliver_all()
    assert len(texts(slack)) == 2


def test_slack_never_has_to_ask_for_patience(app, slack, demo, clock, later):
    for n in range(30):
        demo.post("My order is broken", by=f"customer{n}")
    clock.pass_(seconds=1)
    app.intake.poll("demo", demo)

    while owed(app):
        clock.pass_(seconds=0.5)
        app.courier.deliver_all()

    assert (len(slack.messages), posts(slack)) == (30, 30)


@pytest.mark.fault(23)
def test_an_outage_of_hours_loses_nothing_and_makes_no_dead_letters(
    app, slack, faults, heard, later
):
    faults.add("broken", times=10_000)
    heard()
    later(hours=3)
    assert slack.messages == {}

    faults.clear()
    later(minutes=8)

    assert len(slack.messages) == 1


@pytest.mark.fault(26)
def test_a_revoked_token_holds_everything_until_it_is_mended(app, slack, workspace, heard, later):
    workspace.revoked.add(workspace.bot_token)
    heard()
    later(hours=1)
    assert posts(slack) <= 61

    workspace.revoked.clear()
    later(minutes=2)

    assert len(slack.messages) == 1


# Channels that are closed to us


def archive(workspace):
    workspace.channels["C0CARE"].archived = True


def expel(workspace):
    workspace.channels["C0CARE"].members.remove("U0BOT")


def remove(workspace):
    workspace.channels["C0GONE"] = workspace.channels.pop("C0CARE")


def mend(workspace):
    there = workspace.channels.pop("C0GONE", None) or workspace.channels["C0CARE"]
    workspace.channels["C0CARE"] = there
    there.archived = False
    if "U0BOT" not in there.members:
        there.members.append("U0BOT")


@pytest.mark.fault(27)
@pytest.mark.parametrize("close", [archive, expel, remove])
def test_a_closed_channel_is_told_once_to_the_manager_and_loses_nothing(
    app, slack, workspace, heard, later, close
):
    close(workspace)
    heard("one broken", by="a")
    heard("two broken", by="b")

    later(hours=3)
    [told] = workspace.channels["D0LEA"].messages.values()
    assert "I can't speak in" in told["text"]
    assert "Nothing is lost" in told["text"]
    assert [each.dead_at for each in owed(app)] == [None, None]

    mend(workspace)
    later(minutes=6)
    assert len(workspace.channels["C0CARE"].messages) == 2
    assert owed(app) == []


@pytest.mark.parametrize("close", [archive, expel, remove])
def test_a_card_that_hangs_in_a_closed_channel_is_not_hung_twice(
    app, slack, workspace, heard, later, close
):
    heard()
    app.courier.deliver_all()
    card = app.desk.look(1).conversation.card
    call = slack.api_call

    def opened_in_between(method, **request):
        try:
            return call(method, **request)
        finally:
            mend(workspace)

    close(workspace)
    app.desk.claim(1, ANA)
    slack.api_call = opened_in_between
    app.courier.deliver_all()
    later(minutes=6)

    assert list(workspace.channels["C0CARE"].messages) == [card]
    assert ANA in str(slack.messages[card])


def test_a_nag_whose_card_was_deleted_is_said_below_a_new_one(
    app, slack, workspace, clock, heard, later
):
    heard()
    app.courier.deliver_all()
    clock.pass_(hours=1)
    app.sweep.nag_some()
    app.courier.deliver_one()  # the card says that it is late, and then somebody deletes it
    old = app.desk.look(1).conversation.card
    del workspace.channels["C0CARE"].messages[old]

    later(seconds=10)

    new = app.desk.look(1).conversation.card
    said = [m for m in slack.messages.values() if m.get("thread_ts") == new != m["ts"]]
    assert new != old
    assert len(said) == 1
    assert "should have been answered" in said[0]["text"]
    assert owed(app) == []


def test_a_redraw_and_a_nag_that_both_miss_the_card_hang_one(
    app, slack, workspace, clock, heard, later
):
    heard()
    app.courier.deliver_all()
    clock.pass_(hours=1)
    app.sweep.nag_some()
    workspace.channels["C0CARE"].messages.clear()
    call = slack.api_call

    def meanwhile(method, **request):
        if method == "chat.update":
            slack.api_call = call
            assert app.courier.deliver_one(), "another courier takes the nag"
        return call(method, **request)

    slack.api_call = meanwhile
    later(minutes=1)

    [card] = [m for m in slack.messages.values() if m.get("thread_ts") in (None, m["ts"])]
    assert card["ts"] == conversation(app).card
    assert owed(app) == []


@pytest.mark.fault(27)
def test_a_channel_that_is_closed_again_is_told_again(app, workspace, heard, later):
    for n in range(2):
        archive(workspace)
        heard("broken", by=f"customer{n}")
        later(minutes=10)
        mend(workspace)
        later(minutes=10)

    assert len(workspace.channels["D0LEA"].messages) == 2


@pytest.mark.fault(27)
def test_after_a_restart_with_another_channel_everything_goes_there(
    app, assemble, workspace, heard, later, clock
):
    archive(workspace)
    heard()
    later(minutes=1)
    workspace.add_channel("C0NEW", "new", "", ["U0BOT", ANA])

    moved = assemble(teams=Teams({"care": replace(CARE, channel="C0NEW")}))
    moved.settle_in()
    clock.pass_(minutes=5)
    moved.courier.deliver_all()

    assert len(workspace.channels["C0NEW"].messages) == 1


def test_a_card_deleted_by_hand_hangs_anew(app, slack, workspace, hear, clock, later):
    hear()
    workspace.channels["C0CARE"].messages.clear()

    app.desk.claim(1, by=ANA)
    later(seconds=10)

    [card] = slack.messages.values()
    assert "<@U0ANA> has it" in card["text"]
    assert conversation(app).card == card["ts"]


def test_a_card_deleted_by_hand_hangs_anew_once_even_if_the_answer_is_lost(
    app, slack, workspace, faults, hear, later
):
    hear()
    workspace.channels["C0CARE"].messages.clear()
    faults.add("lost", "chat.postMessage")

    app.desk.claim(1, by=ANA)
    later(minutes=1)

    assert len(slack.messages) == 1


# Dead letters


@pytest.fixture
def dead_card(app, slack, faults, heard, later):
    faults.add("error", "chat.postMessage", times=8, error="invalid_blocks")
    heard()
    later(hours=1)
    faults.clear()


def cards(workspace):
    return [m for m in workspace.channels["C0CARE"].messages.values() if m.get("blocks")]


@pytest.mark.fault(38)
def test_what_never_works_becomes_a_dead_letter_that_people_hear_of(
    app, workspace, dead_card, later
):
    [dead] = owed(app)
    assert (dead.attempts, dead.trouble[:13]) == (8, "NotDrawn: The")
    assert dead.dead_at

    later(minutes=10)

    [told] = workspace.channels["D0LEA"].messages.values()
    assert dead.key in told["text"]
    [seen] = workspace.channels["C0CARE"].messages.values()
    assert dead.key in seen["text"]


def test_a_dead_letter_can_be_brought_back(app, slack, workspace, dead_card, clock):
    [dead] = owed(app)

    with app.desk.database.begin() as db:
        assert outbox.retry(db, dead.id, clock())
    app.courier.deliver_all()

    assert len(cards(workspace)) == 1
    assert owed(app) == []


def test_a_card_that_was_given_up_comes_back_when_something_happens(
    app, workspace, dead_card, later
):
    app.desk.claim(1, by=ANA)
    later(minutes=1)

    assert len(cards(workspace)) == 1


@pytest.mark.fault(38)
def test_one_delivery_that_never_works_holds_up_no_other(app, slack, faults, heard):
    faults.add("error", "chat.postMessage", error="invalid_blocks")
    heard("one broken", by="a")
    heard("two broken", by="b")

    app.courier.deliver_all()

    [card] = slack.messages.values()
    assert "two broken" in card["text"]


# Leases


def freeze(app, clock) -> Courier:
    """A courier that takes a delivery, sleeps longer than its lease, and goes on."""

    def sleep_first(delivery) -> None:
        clock.pass_(minutes=3)
        app.courier.deliver_all()
        app.courier.run(delivery)

    return Courier(app.desk, app.answering, app.amending, sleep_first)


@pytest.mark.fault(37)
def test_a_worker_that_was_frozen_longer_than_its_lease_says_nothing(app, slack, clock):
    app.desk.tell("C0CARE", "Hello", key="k")

    assert freeze(app, clock).deliver_one()

    assert (len(slack.messages), posts(slack)) == (1, 1)
    assert owed(app) == []


@pytest.mark.fault(37)
def test_a_worker_that_was_frozen_longer_than_its_lease_answers_nobody(app, demo, clock, hear):
    hear()
    begin_answer(app)

    assert freeze(app, clock).deliver_one()

    assert demo.attempts == 1


def a_word_by_road(app, db):
    app.desk.ledger.owe_word(db, app.desk.teams["care"], 0, "It is slow.", "k", app.desk.now())


def an_alert(app, db):
    app.desk.ledger.owe_alert(db, app.desk.teams["care"], MAIL, "k", app.desk.now(), 1)


def an_old_card(app, db):
    now, known = app.desk.now(), conversations.get(db, 1)
    app.desk.ledger.owe_retire(db, known, "C0CARE", str(known.card), "moved", now)


def a_card(app, db):
    app.desk.ledger.redraw(db, conversations.get(db, 1), app.desk.now())


def a_nag(app, db):
    """It says what the last one said, which is changed."""
    now = app.desk.now()
    newer = app.desk.ledger.keep(db, conversations.hold(db, 1), now)
    app.desk.ledger.owe_nags(db, [newer], now)


def a_digest(app, db, *, of=(1,)):
    now = app.desk.now()
    number = digests.open_new(db, team="care", channel="C0CARE", at=now)
    conversations.gather(db, of, number)
    digests.hang(db, number, "1.0")
    app.desk.ledger.owe_digest(db, number, "care", "k", now)


def a_digest_of_nobody(app, db):
    a_digest(app, db, of=())


def a_surge(app, db):
    now = app.desk.now()
    began = {"began_at": now, "at": now, "usual": 1.0}
    number = surges.begin(db, team="care", channel="C0CARE", **began)
    surges.hang(db, number, "1.0")
    app.desk.ledger.owe_surge(db, number, "care", "k", now)


def a_list_of_nobody(app, db):
    """What an earlier attempt may have said is taken back."""
    app.desk.ledger.owe_list(db, app.desk.teams["care"], "gathered", app.desk.now())


def a_picture(app, db):
    app.desk.ledger.owe_picture(db, conversations.get(db, 1), "https://a.example/1", app.desk.now())


class Painted:
    """A place from which any picture comes."""

    def fetch(self, url: str) -> Got:
        return Got(b"\x89PNG", "png")


OWED = [a_word_by_road, an_alert, an_old_card, a_card, a_nag, a_digest, a_digest_of_nobody, a_surge]


@pytest.mark.fault(37)
@pytest.mark.parametrize("owe", [*OWED, a_picture, a_list_of_nobody])
def test_whatever_a_frozen_worker_was_about_to_say_it_looks_first(assemble, slack, clock, owe):
    loud = replace(CARE, roads=(MAIL,), ladder=(Rung(after=0 * MINUTE, call=OWNER),))
    app = assemble(teams=Teams({"care": loud}))
    app.intake.poll("demo", assemble.demo)
    app.courier.run.__self__.gallery.fetcher = Painted()
    assemble.demo.post("My order is broken")
    clock.pass_(seconds=1)
    app.intake.poll("demo", assemble.demo)
    app.courier.deliver_all()
    clock.pass_(minutes=62)
    nag_all(app)
    clock.pass_(minutes=1)
    with app.desk.database.begin() as db:
        owe(app, db)
    with app.desk.database.begin() as db:
        taken = outbox.take(db, clock(), app.courier.lease)
    clock.pass_(minutes=3)
    asked = len(slack.calls)

    with pytest.raises(LeaseLost):
        app.courier.run(replace(taken, may_have_happened=owe is a_list_of_nobody))

    assert not [call for call in slack.calls[asked:] if call[0] in SAYING]


@pytest.mark.fault(37)
def test_a_worker_that_was_frozen_publishes_nothing_though_nobody_else_has(app, demo, clock, hear):
    hear()
    begin_answer(app)
    with app.desk.database.begin() as db:
        taken = outbox.take(db, clock(), app.courier.lease, replies=True)
    clock.pass_(minutes=3)

    with pytest.raises(LeaseLost):
        app.courier.run(taken)

    assert demo.attempts == 0


@pytest.mark.fault(37)
def test_a_worker_that_was_frozen_withdraws_nothing(app, slack, demo, clock, hear):
    hear()
    answer(app, slack, 1, "So sorry!")
    app.amending.amend(1, ANA, "withdraw", key="w")
    with app.desk.database.begin() as db:
        taken = outbox.take(db, clock(), app.courier.lease, replies=True)
    clock.pass_(minutes=3)

    with pytest.raises(LeaseLost):
        app.courier.run(taken)

    assert [each.text for each in demo.answers()] == ["So sorry!"]


def test_what_another_worker_has_withdrawn_is_not_withdrawn_again(app, slack, demo, clock, hear):
    hear()
    answer(app, slack, 1, "So sorry!")
    app.amending.amend(1, ANA, "withdraw", key="w")
    with app.desk.database.begin() as db:
        taken = outbox.take(db, clock(), app.courier.lease, replies=True)
    app.amending.amended("w")

    app.courier.run(taken)

    assert len(demo.answers()) == 1, "this one did not ask the platform"


@pytest.mark.fault(37)
def test_a_worker_that_lost_its_lease_brings_no_answer_back(app, demo, clock, hear):
    hear()
    begin_answer(app)

    def give_up_late(delivery) -> None:
        clock.pass_(minutes=3)
        app.courier.deliver_one()
        raise TryLater("It took too long.")

    demo.after = TryLater("lost")
    late = Courier(app.desk, app.answering, app.amending, give_up_late, tries=1)
    while late.deliver_one() and conversation(app).state is not State.REPLYING:
        pass

    assert conversation(app).state is State.REPLYING


# Answers


def test_a_stuck_reply_does_not_hold_up_slack(app, slack, demo, hear, later):
    hear()
    demo.before = TryLater("Error 503.", surely_not_done=True)
    begin_answer(app)
    later(minutes=1)

    [card] = slack.messages.values()
    assert "is answering" in card["text"]
    hear("Another is broken", by="ken")
    assert len(slack.messages) == 2


def test_a_reply_whose_answer_was_lost_is_published_once(app, slack, demo, hear, later):
    hear()
    demo.after = TryLater("The connection was reset.")

    answer(app, slack, 1, "So sorry!")
    later(minutes=1)

    assert (len(demo.answers()), demo.attempts) == (1, 2)
    assert conversation(app).state is State.ANSWERED


def test_a_process_that_dies_after_publishing_publishes_once(app, slack, demo, hear, later):
    hear()
    begin_answer(app)
    demo.after = KeyboardInterrupt()
    with pytest.raises(KeyboardInterrupt):
        app.courier.deliver_all()
    assert conversation(app).state is State.REPLYING

    later(minutes=3)

    assert len(demo.answers()) == 1
    assert conversation(app).state is State.ANSWERED


def test_a_refused_reply_is_its_authors_again_with_the_text_and_the_reason(
    app, slack, demo, hear, later
):
    hear()
    demo.before = Refused("You can't answer this person.")

    answer(app, slack, 1, "So sorry!")
    later(seconds=5)

    it = conversation(app)
    assert (it.state, it.owner) == (State.CLAIMED, ANA)
    assert app.answering.draft(1, ANA) == "So sorry!"
    _, note = slack.messages.values()
    assert "You can't answer this person." in note["text"]
    assert note["text"].startswith("<@U0ANA>")


def test_a_refused_reply_that_is_late_by_now_is_nagged_about_at_once(app, slack, demo, clock, hear):
    hear()
    begin_answer(app)
    clock.pass_(minutes=61)
    assert not app.sweep.nag_some()

    demo.before = Refused("no")
    app.courier.deliver_all()

    assert app.sweep.nag_some()


def test_a_reply_that_nobody_can_look_for_is_a_persons_to_settle(app, slack, demo, hear, later):
    hear()
    demo.before = Unsure("I can't look for it.")

    answer(app, slack, 1, "So sorry!")
    later(seconds=5)

    it = conversation(app)
    assert (it.state, bool(it.unsure)) == (State.CLAIMED, True)
    assert any("may have been published" in text for text in texts(slack))

    demo.before = None
    app.answering.resolve_doubt(1, by=ANA, published=False)
    later(seconds=5)
    assert len(demo.answers()) == 1
    assert conversation(app).state is State.ANSWERED


def test_a_doubtful_reply_that_somebody_found_is_not_sent_again(app, slack, demo, hear, later):
    hear()
    demo.before = Unsure("I can't look for it.")
    answer(app, slack, 1, "So sorry!")

    demo.before = None
    app.answering.resolve_doubt(1, by=BEN, published=True)
    with pytest.raises(NotPossible):
        app.answering.resolve_doubt(1, by=BEN, published=False)
    later(minutes=1)

    assert demo.answers() == []
    assert conversation(app).state is State.ANSWERED


def test_a_reply_that_surely_did_not_get_out_in_its_tries_goes_back(app, demo, hear, later):
    hear()
    demo.before = TryLater("Error 503.", surely_not_done=True)
    begin_answer(app)

    later(hours=1)

    it = conversation(app)
    assert (demo.attempts, it.state, it.unsure) == (8, State.CLAIMED, None)
    assert app.answering.draft(1, ANA) == "So sorry!"
    assert owed(app) == []


def test_a_reply_that_may_have_got_out_in_its_tries_is_in_doubt(app, demo, hear, later):
    hear()
    demo.before = TryLater("The connection was reset.")
    begin_answer(app)

    later(hours=1)

    assert (demo.attempts, conversation(app).unsure) == (8, "k")
    assert owed(app) == []


def test_an_answer_that_once_may_have_got_out_is_in_doubt_though_later_tries_surely_failed(
    app, demo, hear, later
):
    hear()
    begin_answer(app)
    demo.before = TryLater("It took too long.")
    app.courier.deliver_all()
    demo.before = TryLater("It is full.", surely_not_done=True)

    later(hours=1)

    assert conversation(app).unsure == "k"


def test_wrong_credentials_give_the_answer_back(app, demo, hear, later):
    hear()
    demo.before = LockedOut("Look at DEMO_TOKEN.")
    begin_answer(app)

    later(seconds=5)

    assert (conversation(app).state, conversation(app).unsure) == (State.CLAIMED, None)


def test_wrong_credentials_after_a_lost_answer_leave_it_in_doubt(app, demo, hear, later):
    hear()
    demo.after = TryLater("The connection was reset.")
    begin_answer(app)
    app.courier.deliver_all()

    demo.before = LockedOut("Look at DEMO_TOKEN.")
    later(minutes=1)

    assert conversation(app).unsure == "k"


def test_an_answer_for_an_account_that_was_removed_goes_back(app, assemble, demo, hear):
    hear()
    begin_answer(app)

    app.courier.run.__self__.publisher.adapters = {}
    app.courier.deliver_all()

    assert conversation(app).state is State.CLAIMED
    assert "not among ADAPTERS" in app.desk.look(1).reply.refused


def test_an_answer_that_broke_our_own_code_is_in_doubt_and_can_be_tried_again(
    app, demo, hear, later, clock
):
    hear()
    demo.before = KeyError("nonsense")
    begin_answer(app)
    later(hours=1)
    assert conversation(app).unsure == "k"

    demo.before = None
    dead = next(each for each in owed(app) if each.dead_at)
    with app.desk.database.begin() as db:
        outbox.retry(db, dead.id, clock())
    later(seconds=5)

    assert len(demo.answers()) == 1
    assert conversation(app).state is State.ANSWERED


def test_a_rate_limit_of_the_platform_holds_all_its_answers(app, demo, clock, hear, later):
    hear("one broken", by="a")
    hear("two broken", by="b")
    demo.before = TryLater("Too many.", 15 * MINUTE, surely_not_done=True)
    begin_answer(app)
    app.courier.deliver_all()
    asked = app.desk.look(2).latest.id
    app.answering.reply(2, BEN, "So sorry!", mention=asked, key="k2")

    later(minutes=14)
    assert demo.attempts == 1

    demo.before = None
    later(minutes=2)
    assert len(demo.answers()) == 2


# Nags


def test_a_nag_is_not_said_when_it_was_answered_meanwhile(app, slack, demo, clock, hear, later):
    hear()
    clock.pass_(minutes=61)
    app.sweep.nag_some()

    app.answering.answered_there(1, by=ANA)
    later(minutes=1)

    assert len(slack.messages) == 1


def test_a_nag_is_not_said_while_an_answer_is_on_its_way(app, slack, clock, hear):
    hear()
    clock.pass_(minutes=62)
    app.sweep.nag_some()
    begin_answer(app)

    app.courier.deliver_all(replies=False)

    assert not [text for text in texts(slack) if "should have been answered" in text]
    assert [each.errand for each in owed(app)] == ["reply"]


def test_what_was_a_removed_teams_is_called_for_by_the_first(app, slack, clock, hear):
    hear()
    with app.desk.database.begin() as db:
        known = conversations.hold(db, 1)
        conversations.save(db, replace(known, team="long gone"))
    clock.pass_(minutes=62)

    nag_all(app)

    assert [text for text in texts(slack) if "should have been answered" in text]


def test_a_nag_whose_deadline_was_moved_meanwhile_is_not_said(app, slack, clock, hear, later):
    hear()
    clock.pass_(minutes=61)
    app.sweep.nag_some()

    app.desk.judge(1, ANA, Kind.QUESTION)
    later(minutes=1)

    assert len(slack.messages) == 1


@pytest.mark.fault(47)
def test_after_an_outage_one_nag_makes_up_for_all_rungs_that_were_missed(app, slack, clock, hear):
    hear()

    clock.pass_(hours=10)
    nag_all(app)

    _, nag = slack.messages.values()
    assert nag["text"].startswith("<!here>")
    clock.pass_(days=1)
    nag_all(app)
    assert len(slack.messages) == 2


@pytest.mark.fault(28)
def test_a_colleague_who_left_is_not_called_but_the_channel_is(app, slack, workspace, clock, hear):
    hear()
    press(app, slack, "claim", 1, by=BEN)
    workspace.deactivate(BEN)

    clock.pass_(minutes=61)
    nag_all(app)

    *_, nag = slack.messages.values()
    assert nag["text"].startswith("<!channel>")


def test_who_is_to_be_called_is_asked_again_when_slack_was_away(
    app, slack, faults, clock, hear, later
):
    hear()
    press(app, slack, "claim", 1, by=BEN)
    faults.add("lost", "users.info", times=10_000)

    clock.pass_(minutes=61)
    nag_all(app)
    later(minutes=1)

    *_, nag = slack.messages.values()
    assert nag["text"].startswith("<@U0BEN>")


def laddered(*rungs: Rung) -> Teams:
    return Teams({"care": replace(CARE, ladder=rungs)}, tell=LEA)


@pytest.fixture
def late_with(assemble, demo, clock):
    """A bot whose ladder has this one rung, and a claimed complaint past its deadline."""

    def begin(say: Where, call: str = OWNER):
        app = assemble(teams=laddered(Rung(after=timedelta(0), call=call, say=say)))
        app.intake.poll("demo", demo)
        demo.post("My order is broken")
        clock.pass_(seconds=1)
        app.intake.poll("demo", demo)
        app.courier.deliver_all()
        app.desk.claim(1, by=ANA)
        clock.pass_(minutes=61)
        return app

    return begin


def test_a_rung_can_be_heard_in_the_channel_too(late_with, slack):
    app = late_with(Where.CHANNEL)

    nag_all(app)

    card, nag = slack.messages.values()
    assert (nag["subtype"], nag["thread_ts"]) == ("thread_broadcast", card["ts"])


def test_a_rung_in_the_thread_stays_there(late_with, slack):
    app = late_with(Where.THREAD)

    nag_all(app)

    _, nag = slack.messages.values()
    assert "subtype" not in nag


def test_a_rung_can_be_said_to_a_person_too(late_with, workspace):
    app = late_with(Where.DIRECT)

    nag_all(app)

    [direct] = workspace.channels["D0ANA"].messages.values()
    assert "should have been answered" in direct["text"]
    assert len(workspace.channels["C0CARE"].messages) == 2


@pytest.mark.parametrize("trouble", ["rate_limited", "lost", "broken"])
def test_a_nag_is_said_once_in_both_places_whatever_happens_to_its_second_half(
    late_with, workspace, faults, clock, trouble
):
    app = late_with(Where.DIRECT)
    faults.add(trouble, "chat.postMessage", nth=2)

    nag_all(app)
    for _ in range(12):
        clock.pass_(seconds=10)
        app.courier.deliver_all()

    assert len(workspace.channels["C0CARE"].messages) == 2
    assert len(workspace.channels["D0ANA"].messages) == 1
    assert owed(app) == []


@pytest.mark.fault(35)
def test_nobody_is_nagged_twice_when_the_clock_is_set_back(app, slack, clock, hear):
    hear()
    clock.pass_(minutes=61)
    nag_all(app)

    clock.pass_(hours=-1)
    nag_all(app)
    clock.pass_(hours=1, minutes=1)
    nag_all(app)

    assert len(slack.messages) == 2


@pytest.mark.fault(35)
def test_a_nag_that_is_owed_is_said_even_if_the_clock_is_set_back_meanwhile(
    app, slack, clock, hear, later
):
    hear()
    clock.pass_(minutes=61)
    app.sweep.nag_some()

    clock.pass_(minutes=-10)
    later(minutes=1)

    assert len(slack.messages) == 2


@pytest.mark.fault(35)
def test_when_the_clock_is_set_back_new_mentions_are_shown_all_the_same(
    app, slack, demo, clock, hear
):
    hear()
    clock.pass_(hours=-1)

    hear("Mine is broken too", by="ken")

    assert len(slack.messages) == 2


def test_a_notice_that_never_works_is_no_notice_about_itself(app, slack, faults, later):
    faults.add("error", "chat.postMessage", times=100, error="invalid_blocks")
    app.desk.tell("C0CARE", "Hello", key="k")

    later(hours=2)

    [dead] = owed(app)
    assert dead.dead_at


def test_a_digest_deleted_by_hand_is_let_go(app, slack, workspace, later, clock, demo):
    for n in range(70):
        demo.post("Where is my invoice?", by=f"customer{n}")
    clock.pass_(seconds=1)
    app.intake.poll("demo", demo)
    assert app.sweep.gather_one()
    later(minutes=3)
    with reading(app.desk.database) as db:
        shown = digests.get(db, 1)
    del workspace.channels["C0CARE"].messages[shown.card]

    gathered = next(n for n in range(1, 71) if conversation(app, n).digest)
    app.desk.claim(gathered, by=ANA)
    later(minutes=1)

    assert owed(app) == []
    assert "D0LEA" not in workspace.channels


def test_after_an_outage_of_slack_one_nag_makes_up_for_all_rungs(app, slack, faults, heard, clock):
    heard("Broken", by="a")
    faults.add("broken", "chat.postMessage", times=1000)
    for _ in range(200):
        clock.pass_(minutes=1)
        while app.sweep.nag_some():
            pass
        app.courier.deliver_all()

    faults.clear()
    for _ in range(20):
        clock.pass_(minutes=1)
        app.courier.deliver_all()

    assert len([m for m in slack.messages.values() if "should have been" in m["text"]]) <= 2


def test_an_answer_that_never_works_is_told_of_in_the_channel_and_closes_no_account(
    app, demo, slack, heard, clock
):
    heard("Broken", by="a")
    demo.reply = broken_by_us
    app.answering.reply(1, ANA, "Coming!", mention=1, key="V1")
    for _ in range(20):
        clock.pass_(minutes=10)
        app.courier.deliver_all()

    told = [m["text"] for m in slack.messages.values() if "could not deliver" in m["text"]]
    assert len(told) == 2  # in the channel, and to whoever `tell` names
    assert "<!channel>" not in str(told)


def broken_by_us(*_, **__):
    raise ValueError("boom <!channel>")


@pytest.mark.fault(51)
def test_three_answers_that_hang_hold_up_no_card(app, demo, heard, slack):
    heard("Broken", by="a")
    app.answering.reply(1, ANA, "Coming!", mention=1, key="V1")

    app.courier.deliver_all(replies=False)
    assert demo.answers() == []
    app.courier.deliver_all(replies=True)

    assert [answer.text for answer in demo.answers()] == ["Coming!"]


def test_what_the_customer_took_back_is_not_quoted_any_more(app, demo, heard, slack, clock):
    key = demo.post("Broken", by="a")
    demo.post("My phone is 0170 555", by="a", parent=key)
    clock.pass_(seconds=1)
    app.intake.poll("demo", demo)
    demo.delete("d2")
    clock.pass_(seconds=1)
    app.intake.poll("demo", demo)

    clock.pass_(minutes=1)
    app.courier.deliver_all()

    assert "0170 555" not in str(list(slack.messages.values()))
