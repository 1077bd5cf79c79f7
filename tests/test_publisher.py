"""What reaches a customer: each post exactly once, whatever dies on the way."""

from datetime import timedelta

import pytest

from bot.domain.conversation import State
from bot.domain.delivery import LeaseLost, LockedOut, Refused, TryLater, Unsure
from bot.domain.reply import Sent
from storage import replies
from storage.database import reading
from tests.people import ANA, BEN

LONG = " ".join(f"Sentence {n} of this ends here." for n in range(60))


class Stage:
    """The demo platform with what goes wrong on it."""

    def __init__(self, demo):
        self.demo, self.problems, self.tried = demo, {}, []

    def __getattr__(self, name):
        return getattr(self.demo, name)

    def reply(self, mention, text, *, key, again, files=()):
        self.tried.append(key)
        before, after = self.problems.pop(key, (None, None))
        if before:
            raise before
        sent = self.demo.reply(mention, text, key=key, again=again, files=files)
        if after:
            raise after
        return sent

    def withdraw(self, sent, mention, *, again):
        self.tried.append(f"withdraw {sent.key}")
        if problem := self.problems.pop("withdraw", None):
            raise problem
        self.demo.withdraw(sent, mention, again=again)


@pytest.fixture
def stage(app, demo):
    stage = Stage(demo)
    app.desk.adapters["demo"] = app.adapters["demo"] = stage
    return stage


def send(app, text=LONG, by=ANA, key="k", **more):
    asked = app.desk.look(1).latest.id
    app.answering.reply(1, by, text, mention=asked, key=key, **more)


def carry(app, clock, minutes=10):
    for _ in range(minutes * 2):
        app.courier.deliver_all()
        clock.pass_(seconds=30)


def conversation(app):
    return app.desk.look(1).conversation


def test_a_long_answer_goes_out_in_order_and_each_part_answers_the_one_before(
    app, stage, demo, clock, hear
):
    key = hear()
    send(app)
    carry(app, clock)

    posts = demo.answers()
    assert " ".join(post.text for post in posts) == LONG
    assert [post.to for post in posts] == [key, *(post.key for post in posts[:-1])]
    assert stage.tried == ["k", "k:2", "k:3", "k:4"]
    assert conversation(app).state is State.ANSWERED


@pytest.mark.parametrize("died", ["before", "after"])
@pytest.mark.parametrize("part", ["k", "k:2", "k:4"])
def test_a_worker_that_dies_between_the_parts_is_followed_by_one_that_goes_on(
    app, stage, demo, clock, hear, part, died
):
    hear()
    send(app)
    lost = LeaseLost("the worker died")
    stage.problems[part] = (lost, None) if died == "before" else (None, lost)

    carry(app, clock)

    assert " ".join(post.text for post in demo.answers()) == LONG
    assert conversation(app).state is State.ANSWERED


def test_the_clock_stops_with_the_last_part_and_not_before(app, stage, clock, hear):
    hear()
    send(app)
    stage.problems["k:3"] = (TryLater("slow", timedelta(minutes=2)), None)

    app.courier.deliver_all()

    assert conversation(app).state is State.REPLYING
    carry(app, clock)
    assert conversation(app).state is State.ANSWERED


def test_what_is_refused_in_the_middle_offers_only_the_rest(app, stage, demo, clock, hear):
    hear()
    send(app)
    stage.problems["k:3"] = (Refused("Too many posts."), None)

    carry(app, clock)

    assert len(demo.answers()) == 2
    assert conversation(app).state is State.CLAIMED
    rest = app.answering.draft(1, ANA)
    said = " ".join(post.text for post in demo.answers())
    assert said + " " + rest.replace("\n\n", " ") == LONG


def test_a_doubt_in_the_middle_is_asked_about_and_then_the_rest_goes_on(
    app, stage, demo, clock, hear
):
    hear()
    send(app)
    stage.problems["k:2"] = (None, Unsure("The connection broke."))

    carry(app, clock)
    assert conversation(app).unsure == "k"
    assert len(demo.answers()) == 2

    app.answering.resolve_doubt(1, BEN, published=True)
    carry(app, clock)

    assert " ".join(post.text for post in demo.answers()) == LONG
    assert conversation(app).state is State.ANSWERED


def test_a_part_that_is_not_there_after_all_goes_out_once_more(app, stage, demo, clock, hear):
    hear()
    send(app)
    stage.problems["k:2"] = (Unsure("The connection broke."), None)
    carry(app, clock)

    app.answering.resolve_doubt(1, BEN, published=False)
    carry(app, clock)

    assert " ".join(post.text for post in demo.answers()) == LONG


def test_the_same_part_twice_is_one_post(app, stage, demo, clock, hear):
    hear()
    send(app, "Short.")
    carry(app, clock)

    app.answering.reply_sent("k", Sent(key="d9"), 0)

    assert [post.text for post in demo.answers()] == ["Short."]
    with reading(app.desk.database) as db:
        assert replies.get(db, "k").sent_key == demo.answers()[0].key


def test_a_part_that_is_told_twice_is_not_taken_for_the_next(app, stage, clock, hear):
    hear()
    send(app)
    stage.problems["k:2"] = (TryLater("slow", timedelta(minutes=2)), None)
    app.courier.deliver_all()

    app.answering.reply_sent("k", Sent(key="d2"), 0)

    with reading(app.desk.database) as db:
        assert [part.number for part in replies.get(db, "k").published] == [0]


def test_a_delivery_whose_post_is_written_down_already_is_not_made_again(app, stage, clock, hear):
    hear()
    send(app, "Short.")
    run, made = app.courier.run, []
    app.courier.run = lambda delivery: made.append(delivery) or run(delivery)
    carry(app, clock, minutes=1)
    [reply] = [each for each in made if each.errand == "reply"]

    run(reply)

    assert stage.tried == ["k"]


def test_who_is_locked_out_after_a_lost_answer_does_not_call_it_refused(app, stage, clock, hear):
    hear()
    send(app, "Short.")
    stage.problems["k"] = (None, TryLater("lost"))
    app.courier.deliver_all()
    stage.problems["k"] = (LockedOut("Sign in."), None)

    carry(app, clock)

    assert conversation(app).unsure == "k"


def test_all_parts_are_withdrawn_the_last_first_and_repeated_until_done(
    app, stage, demo, clock, hear
):
    hear()
    send(app)
    carry(app, clock)
    keys = [post.key for post in demo.answers()]
    stage.problems["withdraw"] = TryLater("slow", timedelta(minutes=1))
    stage.tried.clear()

    app.amending.amend(1, ANA, "withdraw", key="w")
    carry(app, clock)

    assert demo.answers() == []
    assert stage.tried[-4:] == [f"withdraw {key}" for key in reversed(keys)]
    assert conversation(app).waits


def test_a_file_that_is_gone_from_slack_sends_the_answer_back(app, stage, demo, clock, hear):
    hear()
    gone = {"id": "F0GONE", "name": "new.png", "type": "image/png", "size": 10}
    send(app, "Like this?", files=[gone])

    carry(app, clock)

    assert demo.answers() == []
    assert conversation(app).state is State.CLAIMED
    assert app.answering.draft(1, ANA) == "Like this?"
    with reading(app.desk.database) as db:
        assert replies.get(db, "k").refused == "new.png is not in Slack any more."


def test_no_file_goes_with_the_further_parts(app, slack, stage, demo, clock, hear):
    hear()
    file = slack.workspace.upload(ANA, "new.png", b"\x89PNG" + b"0" * 10)
    given = {"id": file.id, "name": "new.png", "type": "image/png", "size": 14}
    slack.workspace.files[file.id].stage = "kept"
    send(app, files=[given])

    carry(app, clock)

    assert [len(post.files) for post in demo.answers()] == [1, 0, 0, 0]
