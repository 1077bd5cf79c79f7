"""`/unanswered`: every word it understands, and that each deed does what its button does."""

import json
import re
import time
from dataclasses import replace
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from slack_bolt import BoltRequest

from bot import app as assembly
from bot.config import Settings
from bot.domain.calendar import ALWAYS
from bot.domain.conversation import State
from bot.domain.mention import Kind
from bot.domain.team import Rule, Teams
from bot.playground import blockkit
from bot.playground.pings import pings
from bot.playground.server import Playground
from bot.playground.workspace import Workspace
from bot.slack.buttons import deeds
from bot.slack.cards import card
from bot.slack.commands import HELP
from bot.slack.questions import Person, Questions
from bot.slack.socket import Sockets
from storage.database import reading
from storage.tables import conversations
from tests import fake_slack
from tests.conftest import CARE as TEAM
from tests.conftest import NOON
from tests.people import ANA, BEN, CARE, answer, ask, form, press, write
from tests.slack.cases import CLAIMED, STATES, WAITING, case, controls, shown

ALL_OF_HELP = "\n".join(each.format(platforms="demo") for each in HELP)
NOT_ONE_CALL = []


def conversation(app, number=1):
    return app.desk.look(number).conversation


def test_what_waits_comes_with_totals_most_urgent_first(app, workspace, clock, hear):
    hear("Where can I find my invoice?", by="ken")
    hear("My order is broken", by="mira")
    hear("My bike is broken", by="zoe")
    clock.pass_(minutes=61)

    said = ask(app.bolt, workspace).splitlines()

    assert said[0] == "*Waiting for care*: 3 waiting, 2 overdue, 3 unclaimed"
    assert [re.search(r"@(\w+)", line)[1] for line in said[1:]] == ["mira", "zoe", "ken"]
    assert "overdue by 1 min" in said[1]


def test_the_answer_rides_back_on_the_ack(app, slack, workspace, hear):
    hear()
    ask(app.bolt, workspace)  # now Slack has told who Ana is
    slack.calls.clear()

    ask(app.bolt, workspace)

    assert slack.calls == NOT_ONE_CALL


def test_overdue_leaves_out_what_is_still_in_time(app, workspace, clock, hear):
    hear("Where can I find my invoice?", by="ken")
    hear("My order is broken", by="mira")
    clock.pass_(minutes=61)

    said = ask(app.bolt, workspace, "overdue")

    assert said.startswith("*Waiting for care · overdue*: 1 waiting, 1 overdue")
    assert "@ken" not in said


def test_mine_and_somebodys(app, slack, workspace, hear):
    hear(by="mira")
    hear(by="ken")
    press(app, slack, "claim", 1, by=ANA)
    press(app, slack, "claim", 2, by=BEN)

    assert "@mira" in (mine := ask(app.bolt, workspace, "mine", by=ANA))
    assert "@ken" not in mine
    assert "@ken" in (bens := ask(app.bolt, workspace, "@ben", by=ANA))
    assert bens.startswith("*Waiting for care · with <@U0BEN>*: 1 waiting")


def test_a_mention_with_a_name_of_two_words_is_understood(app, workspace):
    said = _answer(app, "<@U0BEN|Ben Okafor> overdue")

    assert said.startswith("*Waiting for care · with <@U0BEN> · overdue*")


def test_one_platform(app, workspace, hear):
    hear()

    assert ask(app.bolt, workspace, "demo").startswith(
        "*Waiting for care · on the demo platform*: 1 waiting"
    )


def test_platforms_are_called_as_people_call_them(app):
    accounts = {"twitter": app.desk.adapters["demo"], "email:press": app.desk.adapters["demo"]}
    questions = Questions(app.desk.teams, accounts, app.desk.now)

    assert questions.read("X", Person(ANA, CARE)).title == "Waiting for care · on X"
    assert questions.read("mail", Person(ANA, CARE)).title == "Waiting for care · by email"
    assert questions.read("email:press", Person(ANA, "")).title == (
        "Waiting for all teams · by email (press)"
    )


def test_all_teams_from_anywhere(assemble, workspace, demo, clock):
    workspace.add_channel("C0OTHER", "other", members=[ANA])
    other = replace(TEAM, name="press", channel="C0OTHER", hears=("x",))
    app = assemble(teams=Teams({"care": TEAM, "press": other}))
    app.intake.poll("demo", demo)
    demo.post("My order is broken")
    clock.pass_(seconds=1)
    app.intake.poll("demo", demo)

    assert ask(app.bolt, workspace, where="C0OTHER") == "*Waiting for press*: nobody. :sunny:"
    assert "1 waiting" in ask(app.bolt, workspace, "all teams", where="C0OTHER")
    assert "1 waiting" in ask(app.bolt, workspace, "all", where="C0OTHER")


def test_where_no_team_is_everything_is_listed(app, workspace, hear):
    workspace.add_channel("C0LUNCH", "lunch", members=[ANA])
    hear()

    said = ask(app.bolt, workspace, where="C0LUNCH")

    assert said.startswith("*Waiting for all teams*: 1 waiting")


def test_words_combine(app, slack, workspace, clock, hear):
    hear()
    press(app, slack, "claim", 1, by=ANA)
    clock.pass_(hours=2)

    said = ask(app.bolt, workspace, "all teams overdue mine demo")

    assert said.startswith(
        "*Waiting for all teams · overdue · yours · on the demo platform*: 1 waiting, 1 overdue"
    )


@pytest.mark.parametrize("word", ["help", "HELP", "?"])
def test_help_lists_everything(app, workspace, word):
    said = ask(app.bolt, workspace, word)

    assert said == ALL_OF_HELP


def test_help_fits_a_phone_and_a_message():
    assert all(len(each) < 3000 for each in HELP)
    assert len(ALL_OF_HELP) < 4000


def test_everything_that_help_shows_is_understood(app, slack, workspace, hear):
    for shown_in_help in re.findall(r"`(?:/unanswered ?)?([^`]*)`", ALL_OF_HELP):
        hear(by=f"customer{len(workspace.whispers)}")
        number = shown_in_help.replace("42", str(_last(app))).replace("@someone", "@ben")

        ask(app.bolt, workspace, number)

        said = workspace.whispers[-1]["text"] if workspace.whispers else ""
        assert "I don't know" not in said, shown_in_help


OTHERWISE = {
    "holding reply": "holding",
    "it is not: send again": "send again",
    "undo the merge": "undo",
    "why then": "why",
}


def on_cards():
    """What all buttons and menus of all cards are called, but for links."""
    proposed = CLAIMED.propose("U0ANA", "V1", NOON, TEAM)
    merged = WAITING.merge_into(41, "U0BEN", NOON)
    for state in (*STATES.values(), proposed, merged):
        on_it = replace(case(state), can=frozenset({"correct", "withdraw"}))
        for each in blockkit.controls(list(card(on_it, NOON).blocks)):
            if "url" not in each and "text" in each:
                yield each["text"]["text"]
        yield from (deed.label for deed in deeds(on_it, NOON))


@pytest.mark.parametrize("label", sorted(set(on_cards())))
def test_everything_that_is_on_a_card_can_be_typed_as_it_is_called_there(
    app, workspace, hear, label
):
    hear()
    plain = label.rstrip("…?").lower()

    fake_slack.command(
        app.bolt, workspace, ANA, CARE, f"/unanswered {OTHERWISE.get(plain, plain)} 1"
    )

    said = workspace.whispers[-1]["text"] if workspace.whispers else ""
    assert said or workspace.stacks[ANA]
    assert "I don't know" not in said


@pytest.mark.parametrize(
    ("word", "named"),
    [
        ("claims 1", "claims"),
        ("nonsense", "nonsense"),
        ("<!channel>", "&lt;!channel&gt;"),
        ("x" * 5000, "x" * 59 + "…"),
    ],
)
def test_an_unknown_word_is_named_and_help_is_offered(app, workspace, word, named):
    said = _answer(app, word)

    assert said == f"I don't know “{named}”. `/unanswered help` lists what I understand."
    assert pings({"text": said}) == []


@pytest.mark.parametrize("number", ["7", "0", "999999999999999999", "1" * 19, "9" * 5000])
@pytest.mark.parametrize("deed", ["claim", "dismiss", "why", "published", "reply", ""])
def test_a_number_that_does_not_exist_is_said_not_to(app, workspace, number, deed):
    said = ask(app.bolt, workspace, f"{deed} {number}".strip())

    assert said.startswith(f"There is no conversation {number[:18]}")
    assert len(said) < 200


# Deeds


def test_claim_and_take_over(app, workspace, hear):
    hear()

    assert ask(app.bolt, workspace, "claim 1", by=ANA) == "1 is yours. Its clock runs on."
    assert ask(app.bolt, workspace, "Claim #1", by=BEN).startswith("<@U0ANA> already has")
    assert ask(app.bolt, workspace, "take over 1", by=BEN).startswith("1 is yours now.")
    assert conversation(app).owner == BEN


def test_dismiss_with_a_reason_of_ones_own(app, workspace, hear):
    hear()

    said = ask(app.bolt, workspace, "dismiss 1 it's spam & <!channel> from @ben")

    assert said == "1 is dismissed. If the customer writes again, it is back."
    assert conversation(app).closed_because == "it's spam & <!channel> from @ben"
    app.courier.deliver_all()


def test_dismiss_without_a_reason_asks_for_one(app, slack, workspace, hear):
    hear()

    fake_slack.command(app.bolt, workspace, ANA, CARE, "/unanswered dismiss 1")

    assert form(slack)["callback_id"] == "dismiss"


def test_answered_where_the_platform_is(app, workspace, hear):
    hear()

    ask(app.bolt, workspace, "answered 1")

    assert conversation(app).state is State.ANSWERED


def test_complaint_and_not_a_complaint(app, workspace, hear):
    hear()

    said = ask(app.bolt, workspace, "not a complaint 1")
    assert said.startswith("1 counts as a question now. It is due <!date^")
    assert conversation(app).kind is Kind.QUESTION

    ask(app.bolt, workspace, "complaint 1")
    judged = conversation(app)
    assert judged.kind is Kind.COMPLAINT
    assert judged.due_at == judged.waiting_since + timedelta(hours=1)


def test_what_is_over_gets_no_new_deadline(app, slack, workspace, hear):
    hear()
    answer(app, slack, 1, "Done")

    assert ask(app.bolt, workspace, "question 1") == "1 counts as a question now."


@pytest.mark.parametrize(
    ("deed", "opened"),
    [
        ("reply", "reply"),
        ("Reply", "reply"),
        ("why", "why"),
        ("history", "customer"),
        ("customer", "customer"),
        ("more", "more"),
        ("hand on", "hand_on"),
        ("merge", "merge"),
        ("follow up", "follow_up"),
        ("note", "person"),
        ("audit", "audit"),
        ("kunde", "customer"),
    ],
)
def test_what_a_button_opens_a_command_opens(app, slack, workspace, hear, deed, opened):
    hear()

    fake_slack.command(app.bolt, workspace, ANA, CARE, f"/unanswered {deed} 1")

    assert form(slack)["callback_id"] == opened


def test_snooze_with_a_time_and_a_reason(app, workspace, hear):
    hear()

    said = ask(app.bolt, workspace, "snooze 1 fri 12:00 waiting for the parcel & <!channel>")

    assert said.startswith("1 is paused until <!date^")
    assert "2026-11-06 12:00 UTC" in said
    pause = conversation(app).pauses[-1]
    assert pause.end == NOON + timedelta(days=3)
    assert pause.why == "waiting for the parcel & <!channel>"
    assert not conversation(app).until_they_write


def test_snooze_until_they_write(app, workspace, clock, hear):
    hear()

    said = ask(app.bolt, workspace, "snooze 1 until they write asked for a photo")

    assert said.startswith("1 is paused until the customer writes, at the longest until <!date^")
    assert conversation(app).until_they_write
    assert conversation(app).pauses[-1].why == "asked for a photo"
    assert conversation(app).pauses[-1].end == clock() + timedelta(weeks=2)


def test_wake_ends_a_snooze(app, workspace, hear):
    hear()
    ask(app.bolt, workspace, "snooze 1 2h a strike")

    said = ask(app.bolt, workspace, "wake 1")

    assert said.startswith("1 is awake, its clock runs. It is due <!date^")
    assert ask(app.bolt, workspace, "wake 1") == "This one is not snoozed. Its clock runs."


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        ("soon", "I don't read a time in “soon”. Write it as `2h`,"),
        ("<!channel>", "I don't read a time in “&lt;!channel&gt;”."),
        ("2020-01-01 why not", "Wed 1 Jan 09:00 is over already."),
        ("90 days a strike", "Mon 1 Feb 12:00 is more than 60 days away."),
        ("2h", "Say why, too: the card shows it."),
        ("until they write", "Say why, too: the card shows it."),
    ],
)
def test_what_can_not_be_snoozed_says_how(app, workspace, hear, words, answer):
    hear()

    assert ask(app.bolt, workspace, f"snooze 1 {words}").startswith(answer)
    assert conversation(app).pauses == ()


def test_snooze_without_words_opens_the_form(app, slack, workspace, hear):
    hear()

    fake_slack.command(app.bolt, workspace, ANA, CARE, "/unanswered snooze 1")

    assert form(slack)["callback_id"] == "snooze"


def test_times_are_those_of_the_team(app, workspace, hear):
    hear()
    berlin = replace(ALWAYS, zone=ZoneInfo("Europe/Berlin"))
    app.desk.teams.change(replace(TEAM, calendar=berlin))

    ask(app.bolt, workspace, "snooze 1 fri 12:00 a strike")

    assert conversation(app).pauses[-1].end == NOON + timedelta(days=2, hours=23)


def test_settled_needs_an_answer_with_a_promise(app, slack, workspace, hear):
    hear()

    assert ask(app.bolt, workspace, "settled 1").startswith("The customer still waits")
    app.desk.teams.change(replace(TEAM, keep_in_the_loop={Kind.COMPLAINT: timedelta(days=1)}))
    answer(app, slack, 1, "We look into it.")
    assert ask(app.bolt, workspace, "settled 1") == (
        "1 is settled. If the customer writes again, it is back."
    )
    assert conversation(app).state is State.ANSWERED


def test_no_answer_needed(app, workspace, hear):
    hear("Thank you!")

    said = ask(app.bolt, workspace, "no answer needed 1")

    assert said == "1 needs no answer. If the customer writes again, it is back."
    assert conversation(app).closed_because == "No answer needed"


def test_tags_are_put_on_and_taken_off(app, workspace, hear):
    vip = Rule(name="VIP", tags=("vip",), first=timedelta(minutes=5))
    app.desk.teams.change(replace(TEAM, rules=(vip,)))
    hear()

    said = ask(app.bolt, workspace, "tag 1 VIP")
    assert said.startswith("The customer of 1 is tagged “VIP” now. It is due <!date^")
    tagged = conversation(app)
    assert tagged.due_at == tagged.waiting_since + timedelta(minutes=5)

    said = ask(app.bolt, workspace, "untag 1 VIP")
    assert said.startswith("The customer of 1 is not tagged “VIP” any more.")
    assert conversation(app).due_at == tagged.waiting_since + timedelta(hours=1)


@pytest.mark.parametrize("deed", ["tag", "untag"])
def test_a_tag_is_a_word(app, workspace, hear, deed):
    hear()

    said = ask(app.bolt, workspace, f"{deed} 1")

    assert said == "Say which word, as in `/unanswered tag 42 VIP`."


def test_a_form_that_can_not_open_says_why(app, slack, workspace, hear):
    hear()
    press(app, slack, "claim", 1, by=BEN)

    said = ask(app.bolt, workspace, "reply 1", by=ANA)

    assert said.startswith("<@U0BEN> already has this one.")


def test_the_reply_form_of_a_command_renews_the_claim(app, slack, clock, hear):
    app.desk.teams.change(replace(TEAM, claim_lease=timedelta(hours=2)))
    hear()
    press(app, slack, "claim", 1)
    until = conversation(app).claimed_until
    clock.pass_(minutes=30)

    fake_slack.command(app.bolt, slack.workspace, ANA, CARE, "/unanswered why 1")
    assert conversation(app).claimed_until == until
    fake_slack.command(app.bolt, slack.workspace, ANA, CARE, "/unanswered reply 1")
    assert conversation(app).claimed_until == until + timedelta(minutes=30)


def test_the_reply_form_of_a_command_sends_an_answer(app, slack, demo, hear):
    hear()
    fake_slack.command(app.bolt, slack.workspace, ANA, CARE, "/unanswered reply 1")

    write(app, slack, "Coming!")
    app.courier.deliver_all()

    assert [said.text for said in demo.answers()] == ["Coming!"]


def test_what_is_typed_behind_reply_is_in_the_form(app, slack, hear):
    hear()

    fake_slack.command(app.bolt, slack.workspace, ANA, CARE, "/unanswered reply 1 Coming at once!")

    assert "Coming at once!" in str(form(slack)["blocks"])


def test_published_and_send_again_need_a_doubt(app, workspace, hear):
    hear()

    for deed in ("published 1", "send again 1"):
        assert ask(app.bolt, workspace, deed).startswith("Nobody doubts any more")


def test_a_number_alone_shows_its_card_with_buttons(app, slack, workspace, hear):
    hear()

    ask(app.bolt, workspace, "#1")

    [whisper] = workspace.whispers
    assert "My order is broken" in shown(whisper)
    assert controls(whisper) == ["reply", "claim", "menu"]
    fake_slack.press(app.bolt, workspace, ANA, CARE, whisper["ts"], "claim")
    assert conversation(app).owner == ANA


# Pages, by the real server and two real sockets


@pytest.fixture
def running(database, demo, clock):
    """The bot on real sockets before a real server, with 23 who wait."""
    with Playground(Workspace.demo()) as playground:
        client = assembly.slack_client(playground.workspace.bot_token, playground.api_url)
        settings = Settings(
            bot_token="xoxb-test",
            app_token="xapp-test",
            adapter_names=("demo",),
            teams=Teams({"care": TEAM}),
            environment={},
        )
        app = assembly.assemble(settings, database, {"demo": demo}, client, clock)
        app.intake.poll("demo", demo)
        for number in range(23):
            demo.post("My order is broken", by=f"customer{number:02}")
        clock.pass_(seconds=2)
        app.intake.poll("demo", demo)
        sockets = Sockets(app.bolt, playground.workspace.app_token, ping=0.3)
        sockets.open()
        until(lambda: len(playground.sockets.links) == 2)
        yield playground
        sockets.close()


def until(true, seconds=8.0):
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.02)


def test_more_turns_the_page_in_place(running):
    slack = running.workspace
    assert running.send(slack.command(ANA, CARE, "/unanswered")).result(5)
    [whisper] = slack.whispers

    seen = [_customers(whisper)]
    for button in ("more", "more", "back"):
        before = shown(whisper)
        assert running.send(slack.press(ANA, CARE, whisper["ts"], button)).result(5)
        until(lambda before=before: shown(whisper) != before)
        seen.append(_customers(whisper))

    assert slack.whispers == [whisper]
    assert [len(page) for page in seen] == [10, 10, 3, 10]
    assert seen[3] == seen[1]
    assert len({*seen[0], *seen[1], *seen[2]}) == 23


def _customers(whisper):
    return re.findall(r"@customer\d\d", shown(whisper))


def _answer(app, text, by=ANA):
    """What these words get, as they come from Slack."""
    typed = {"command": "/unanswered", "text": text, "user_id": by, "channel_id": CARE}
    body = typed | {"team_id": "T0ACME", "trigger_id": "1.2", "response_url": "https://slack.test/"}
    response = app.bolt.dispatch(BoltRequest(body=body, mode="socket_mode"))
    return json.loads(response.body)["text"]


def _last(app):
    with reading(app.desk.database) as db:
        return max(row.id for row in db.execute(conversations.select()))
