"""Far more than usual comes: one message, one thread, a holding reply for each, and its end."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest

from bot.app import Bot
from bot.domain.saved import Written
from bot.forgetting import Forgetting
from bot.saved import SavedReplies
from storage import arrivals, surges
from storage.database import reading
from tests import fake_slack
from tests.people import ANA, CARE, LEA, ask, choose, form, write
from tests.test_forgetting import in_database, in_slack

WEEKS = 4


@dataclass
class Quiet:
    """A bot that has known for weeks what is usual: two customers an hour."""

    app: Bot
    demo: Any
    clock: Any
    slack: Any

    def come(self, many: int, words: str = "The login is down, see https://status.example/1?x={n}"):
        for n in range(many):
            self.demo.post(words.format(n=n), by=f"customer{n}", name=f"Customer {n}")
        self.turn()

    def turn(self, **span: float) -> None:
        self.clock.pass_(**(span or {"seconds": 10}))
        self.app.intake.poll("demo", self.demo)
        self.app.sweep.look_for_surges()
        self.app.sweep.look_for_silences()
        for _ in range(4):
            self.app.courier.deliver_all()
            self.clock.pass_(seconds=1)

    def pass_(self, span: timedelta, step: timedelta = timedelta(minutes=5)) -> None:
        until = self.clock() + span
        while self.clock() < until:
            self.turn(seconds=step.total_seconds())

    def said(self, words: str) -> list[dict[str, Any]]:
        return [m for m in self.slack.messages.values() if words in m["text"]]

    def thread(self) -> list[dict[str, Any]]:
        [head] = self.said("Far more than usual") or self.said("It is over")
        said = self.slack.messages.values()
        return [m for m in said if m.get("thread_ts") == head["ts"] != m["ts"]]

    def settle(self) -> None:
        """Until all is said: one message a second."""
        for _ in range(60):
            self.app.courier.deliver_all()
            self.clock.pass_(seconds=1)

    def lasting(self) -> list[Any]:
        with reading(self.app.desk.database) as db:
            return list(surges.lasting(db))


@pytest.fixture
def quiet(app, demo, clock, slack):
    usual(app, clock(), per_hour=2)
    return Quiet(app, demo, clock, slack)


def usual(app: Bot, until: datetime, *, per_hour: int, account: str = "demo") -> None:
    """What the bot would have counted in the weeks before."""
    with app.desk.database.begin() as db:
        at = arrivals.piece(until - timedelta(weeks=WEEKS))
        while at < until:
            arrivals.add(db, account, "care", at, per_hour)
            at += timedelta(hours=1)


def mark(app: Bot, text: str = "Hello {first_name}, we know and are at it.", **more: Any) -> None:
    """A saved reply that the team has approved to hold people with."""
    written = Written("care", "", more.pop("name", "We are at it"), text, True)
    SavedReplies(app.desk).save(written, LEA)


def quiet_question(n: int) -> str:
    return f"How do I reach the status page, number {n}?"


def test_many_at_once_are_one_message_that_says_what_it_is_about(quiet):
    quiet.come(30)

    [head] = quiet.said("Far more than usual")
    shown = str(head["blocks"])
    assert "30 customers" in head["text"]
    assert "usually 2 in an hour" in head["text"]
    assert "“login”" in shown
    assert "status.example/1 (30)" in shown
    assert "the demo platform 30" in shown
    assert "Complaints: 30" in shown


def test_what_customers_wrote_is_quoted_and_never_markup(quiet):
    quiet.come(30, words="<!channel> the *login* is down {n}")

    [head] = quiet.said("Far more than usual")
    assert "<!channel>" not in head["text"]
    quoted = [block for block in head["blocks"] if block["type"] == "rich_text"]
    assert "<!channel> the *login* is down" in str(quoted)
    assert all(b["type"] == "rich_text" for b in head["blocks"] if "login" in str(b))


def test_as_many_as_usual_are_no_surge(quiet):
    quiet.come(6)

    assert quiet.said("Far more than usual") == []


def test_one_who_writes_forty_times_is_no_surge(quiet):
    for n in range(40):
        quiet.demo.post(f"Number {n} is broken", by="mira")
    quiet.turn()

    assert quiet.said("Far more than usual") == []


def test_before_anything_is_known_nothing_is_unusual(app, demo, clock, slack):
    new = Quiet(app, demo, clock, slack)

    new.come(40)

    assert new.said("Far more than usual") == []


def test_all_of_it_is_listed_in_one_thread_that_grows_by_editing(quiet):
    quiet.come(12)
    quiet.settle()
    [page] = quiet.thread()
    assert "12 mentions" in page["text"]

    quiet.come(14)
    quiet.settle()

    [again] = quiet.thread()
    assert again["ts"] == page["ts"]
    assert "26 mentions" in again["text"]
    assert len(quiet.said("Far more than usual")) == 1


def test_while_it_lasts_complaints_have_cards_and_the_rest_is_only_listed(quiet):
    quiet.come(12)
    quiet.demo.post("Where can I find my invoice?", by="asks")
    quiet.demo.post("My parcel is broken!!", by="complains")
    quiet.turn()
    quiet.settle()

    look = quiet.app.desk.look
    asks, complains = look(13).conversation, look(14).conversation
    assert (asks.card, bool(asks.due_at), bool(asks.digest)) == (None, True, True)
    assert complains.card
    assert complains.digest
    [page] = quiet.thread()
    assert "13 " in str(page["blocks"])

    quiet.app.desk.claim(13, ANA)
    quiet.settle()

    assert look(13).conversation.card, "it gets one when somebody acts"


def test_more_than_a_page_holds_go_on_to_the_next(quiet):
    quiet.come(130, words="How do I log in today?")
    quiet.settle()

    pages = quiet.thread()
    assert [page["text"].partition(" ")[0] for page in pages] == ["*50", "*50", "*30"]
    assert quiet.said("130 customers")


def test_its_end_is_said_in_the_same_message_and_then_all_is_as_usual(quiet):
    quiet.come(30)
    [head] = quiet.said("Far more than usual")

    quiet.pass_(timedelta(minutes=70))

    [over] = quiet.said("It is over")
    assert over["ts"] == head["ts"]
    assert "30 customers" in over["text"]
    assert quiet.lasting() == []
    quiet.demo.post("Where can I find my invoice?", by="asks")
    quiet.turn()
    assert quiet.app.desk.look(31).conversation.card


def test_a_surge_does_not_count_as_usual(quiet):
    quiet.come(60)
    quiet.pass_(timedelta(minutes=70))

    quiet.clock.pass_(days=7)
    quiet.come(30, words="Down again {n}")

    assert len(quiet.said("Far more than usual")) == 1


def test_a_holding_reply_is_offered_for_each_and_keeps_the_person_on_the_list(quiet):
    app, slack = quiet.app, quiet.slack
    mark(app)
    quiet.come(12)
    quiet.settle()
    [page] = quiet.thread()

    fake_slack.press(app.bolt, slack.workspace, ANA, CARE, page["ts"], "menu", "holding 3")

    opened = form(slack)
    assert "Hello Customer, we know and are at it." in str(opened)
    promise = next(b for b in opened["blocks"] if b["block_id"] == "promise")
    assert promise["element"]["initial_option"]["text"]["text"].startswith("In two working hours")
    assert quiet.demo.answers() == [], "only a person publishes"

    answer = next(b for b in opened["blocks"] if b["block_id"].startswith("answer"))
    chosen = promise["element"]["initial_option"]
    write(
        app,
        slack,
        answer["element"]["initial_value"],
        **{
            answer["block_id"]: {"type": "plain_text_input", "value": "We know and are at it."},
            "promise": chosen["value"],
        },
    )
    quiet.settle()

    held = app.desk.look(3).conversation
    assert [a.text for a in quiet.demo.answers()] == ["We know and are at it."]
    assert (held.open, held.waits, bool(held.promised_for)) == (True, False, True)
    [page] = quiet.thread()
    assert "3 Customer 2" in str(page["blocks"]), "still on the list"
    assert "holding 3'" not in str(page["blocks"]), "and offered no more"
    assert "holding 4'" in str(page["blocks"])


def test_the_same_is_reached_by_a_command_and_by_the_cards_menu(quiet):
    mark(quiet.app)
    quiet.come(12)

    fake_slack.command(quiet.app.bolt, quiet.slack.workspace, ANA, CARE, "/unanswered holding 3")
    assert "we know and are at it" in str(form(quiet.slack))
    quiet.slack.workspace.stacks[ANA].clear()
    quiet.settle()
    choose(quiet.app, quiet.slack, "holding", 3)
    assert "we know and are at it" in str(form(quiet.slack))


def test_without_a_reply_that_holds_it_says_how_to_mark_one(quiet):
    quiet.come(12)
    quiet.settle()

    assert "`/unanswered replies`" in str(quiet.said("Far more than usual")[0]["blocks"])
    assert "holding" not in str(quiet.thread()[0]["blocks"])
    said = ask(quiet.app.bolt, quiet.slack.workspace, "holding 3")
    assert "No saved reply is marked as holding" in said


def test_what_was_typed_already_stays_below_the_holding_reply(quiet):
    mark(quiet.app)
    quiet.come(12)
    quiet.app.answering.keep_draft(3, ANA, "My own words")

    for _ in range(2):
        ask_form = "/unanswered holding 3"
        fake_slack.command(quiet.app.bolt, quiet.slack.workspace, ANA, CARE, ask_form)

    text = quiet.app.answering.draft(3, ANA)
    assert text == "Hello Customer, we know and are at it.\n\nMy own words"


def test_what_a_customer_deletes_is_quoted_no_more(quiet):
    quiet.come(11)
    key = quiet.demo.post("The login shows my-secret-word", by="mira")
    quiet.turn()
    quiet.settle()
    assert "my-secret-word" in str(quiet.said("Far more than usual"))
    quiet.demo.delete(key)
    quiet.turn()
    quiet.settle()

    assert "my-secret-word" not in str(quiet.said("Far more than usual"))


def test_two_workers_tell_of_it_once(quiet, assemble):
    other = assemble()
    for n in range(30):
        quiet.demo.post(f"The login is down {n}", by=f"customer{n}")
    quiet.clock.pass_(seconds=5)
    quiet.app.intake.poll("demo", quiet.demo)

    for worker in (quiet.app, other):
        worker.sweep.look_for_surges()

    assert len(quiet.lasting()) == 1


def test_who_is_forgotten_is_gone_from_its_message_and_its_thread(quiet, workspace):
    quiet.come(11)
    said = "The login shows broken-teapot-77"
    for _ in range(3):
        quiet.demo.post(said, by="miranda", name="Miranda Doe")
    quiet.turn()
    quiet.settle()
    assert in_slack(workspace)

    forgetting = Forgetting(quiet.app.desk)
    forgetting.forget(forgetting.find("miranda")[0].id, by=LEA)
    quiet.settle()

    assert in_slack(workspace) == []
    assert in_database(quiet.app) == []
    assert quiet.said("Far more than usual")
