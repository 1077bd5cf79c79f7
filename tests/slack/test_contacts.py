"""What came by phone, at the counter, or as a message in Slack: by form, by shortcut, by word."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings

from bot.domain.conversation import State
from bot.domain.mention import Kind
from bot.domain.team import Teams
from bot.playground.pings import pings
from bot.slack import contact_forms
from bot.slack.contact_forms import Contact, Said
from bot.slack.forwarded import spoken
from tests import fake_slack
from tests.conftest import CARE as TEAM
from tests.conftest import NOON
from tests.people import ANA, BEN, CARE, ask, form
from tests.slack.cases import accepted_view, shown
from tests.slack.hostile import TEXT, live_markup

PRESS, OTTO = "C0PRESS", "U0OTTO"
STRICT = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def send(app, slack, by=ANA, **values):
    view = form(slack, by)
    return fake_slack.submit(app.bolt, slack.workspace, by, view["id"], values)


def errors(slack, by=ANA):
    return slack.workspace.view_errors.get(form(slack, by)["id"], {})


def initial(view, block):
    [found] = [each for each in view["blocks"] if each.get("block_id") == block]
    element = found["element"]
    option = element.get("initial_option")
    return option["value"] if option else element.get("initial_value")


def say(slack, words, by=BEN, where=CARE, thread=None):
    """A colleague writes in a channel; the message's timestamp."""
    slack.workspace.say(by, where, words, thread)
    return list(slack.workspace.channels[where].messages)[-1]


def test_a_call_has_a_card_and_a_clock_like_any_other(app, slack, clock):
    fake_slack.shortcut(app.bolt, slack.workspace, ANA, "log_contact")
    accepted_view(_bare(form(slack)))

    send(
        app,
        slack,
        how="phone",
        name="Mira Lindqvist",
        handle="+49 170 1234567",
        kind="complaint",
        words="My parcel is lost <!channel>",
        when=int((clock() - timedelta(minutes=10)).timestamp()),
    )
    app.courier.deliver_all()

    assert "It is number 1. Its card is in <#C0CARE>" in shown(form(slack))
    logged = app.desk.look(1)
    assert logged.conversation.kind is Kind.COMPLAINT
    assert logged.conversation.due_at == logged.conversation.waiting_since + timedelta(hours=1)
    assert logged.latest.posted_at == clock() - timedelta(minutes=10)
    card = slack.messages[logged.conversation.card]
    assert "by phone" in card["text"]
    assert pings(card) == [ANA]  # who said what it is
    assert "so call them" in card["text"]


def test_further_words_of_the_same_number_go_on_with_it(app, slack):
    for words in ("My parcel is lost", "It is still lost"):
        fake_slack.command(app.bolt, slack.workspace, ANA, CARE, f"/unanswered log phone {words}")
        assert initial(form(slack), "words") == words
        send(app, slack, handle="0170 12345")

    assert len(app.desk.look(1).mentions) == 2


@pytest.mark.parametrize(
    ("typed", "how", "words"),
    [
        ("log", "phone", None),
        ("log letter Dear all & everyone", "letter", "Dear all & everyone"),
        ("log Theke: Sie wartet", "counter", "Sie wartet"),
        ("log she said no", "phone", "she said no"),
        ("notieren", "phone", None),
    ],
)
def test_what_is_typed_behind_log_is_in_the_form(app, slack, typed, how, words):
    fake_slack.command(app.bolt, slack.workspace, ANA, CARE, f"/unanswered {typed}")

    assert initial(form(slack), "how") == how
    assert initial(form(slack), "words") == words


@pytest.mark.parametrize(
    ("ago", "words", "field"),
    [
        (timedelta(days=90), "Lost", "when"),
        (timedelta(hours=-2), "Lost", "when"),
        (timedelta(0), "  ", "words"),
    ],
)
def test_what_can_not_be_logged_is_said_at_its_field(app, slack, clock, ago, words, field):
    fake_slack.shortcut(app.bolt, slack.workspace, ANA, "log_contact")

    send(app, slack, words=words, when=int((clock() - ago).timestamp()))

    assert list(errors(slack)) == [field]


def test_with_several_teams_the_one_of_the_channel_comes_first(assemble, slack, demo):
    slack.workspace.add_channel(PRESS, "press", members=[ANA, slack.workspace.bot_user])
    press = replace(TEAM, name="press", channel=PRESS, hears=("x",))
    app = assemble(teams=Teams({"care": TEAM, "press": press}))

    fake_slack.command(app.bolt, slack.workspace, ANA, PRESS, "/unanswered log phone Hello")
    assert initial(form(slack), "team") == "press"
    send(app, slack)

    assert app.desk.look(1).conversation.team == "press"


def test_any_message_of_slacks_becomes_a_case(app, slack, clock):
    ts = say(slack, "The *shop* is down & out, says @ana")

    fake_slack.message_shortcut(app.bolt, slack.workspace, ANA, CARE, ts, "make_case")
    accepted_view(_bare(form(slack)))
    assert initial(form(slack), "name") == "Ben Okafor"
    send(app, slack)
    app.courier.deliver_all()

    logged = app.desk.look(1)
    assert logged.latest.text == "The *shop* is down & out, says @ana"
    assert logged.latest.url == f"https://acme.slack.com/archives/{CARE}/p{ts.replace('.', '')}"
    assert "in Slack" in slack.messages[logged.conversation.card]["text"]
    assert logged.conversation.state is State.WAITING


def test_a_message_that_is_a_case_is_the_same_case(app, slack):
    ts = say(slack, "The shop is down")
    for who in (ANA, BEN):
        fake_slack.message_shortcut(app.bolt, slack.workspace, who, CARE, ts, "make_case")
        send(app, slack, by=who)

    assert "It is number 1." in shown(form(slack, BEN))


def test_a_message_becomes_a_case_by_its_link(app, slack):
    ts = say(slack, "The shop is down")
    link = f"https://acme.slack.com/archives/{CARE}/p{ts.replace('.', '')}"

    fake_slack.command(app.bolt, slack.workspace, ANA, CARE, f"/unanswered case {link}")

    assert initial(form(slack), "words") == "The shop is down"
    assert ask(app.bolt, slack.workspace, "case that one").startswith("Copy the message's link")


def copied(slack, ts):
    """The link as Slack's own menu copies it."""
    asked = {"channel": CARE, "message_ts": ts}
    return slack.workspace.call("chat.getPermalink", asked).body["permalink"]


@pytest.mark.parametrize("typed", ["{link}", "<{link}>", "{bare}"])
def test_a_reply_in_a_thread_becomes_a_case_by_its_link(app, slack, typed):
    """Slack escapes what is typed; whoever shortens the link names the same message."""
    first = say(slack, "The shop is down")
    say(slack, "For me too", by=ANA, thread=first)
    ts = say(slack, "And I was charged twice", by=OTTO, thread=first)
    link = copied(slack, ts)
    asked = typed.format(link=link.replace("&", "&amp;"), bare=link.partition("?")[0])

    fake_slack.command(app.bolt, slack.workspace, ANA, CARE, f"/unanswered case {asked}")
    assert initial(form(slack), "name") == "Otto Lund"
    send(app, slack)

    made = app.desk.look(1).latest
    assert made.text == "And I was charged twice"
    assert made.url == link
    assert made.posted_at.timestamp() == pytest.approx(float(ts))


def test_a_reply_is_the_same_case_by_its_link_and_by_its_menu(app, slack):
    ts = say(slack, "Charged twice", thread=say(slack, "The shop is down"))
    typed = f"/unanswered case {copied(slack, ts)}"
    fake_slack.command(app.bolt, slack.workspace, ANA, CARE, typed)
    send(app, slack)

    fake_slack.message_shortcut(app.bolt, slack.workspace, BEN, CARE, ts, "make_case")
    send(app, slack, by=BEN)

    assert "It is number 1." in shown(form(slack, BEN))
    assert app.desk.look(1).latest.url == copied(slack, ts)


@pytest.mark.parametrize(
    "after", ["?thread_ts=1600000000.000001", "?thread_ts=yesterday", "?thread_ts={other}&cid=C0"]
)
def test_a_link_into_a_thread_that_does_not_hold_it_makes_nothing(app, slack, after):
    other = say(slack, "Lunch?")
    ts = say(slack, "Charged twice", thread=say(slack, "The shop is down"))
    link = copied(slack, ts).partition("?")[0] + after.format(other=other)

    fake_slack.command(app.bolt, slack.workspace, ANA, CARE, f"/unanswered case {link}")

    opened = slack.workspace.stacks.get(ANA)
    if "yesterday" in after:  # no thread that Slack would name, so it is left out
        assert initial(opened[-1], "words") == "Charged twice"
    else:
        assert not opened


def forward(app, slack, words, remark, by=BEN):
    """Otto, of another company, wrote it; a colleague hands it on and makes it a case."""
    ts = say(slack, words, by=OTTO)
    there = slack.workspace.forward(by, CARE, ts, CARE, remark)
    fake_slack.message_shortcut(app.bolt, slack.workspace, ANA, CARE, there, "make_case")


def test_a_forwarded_complaint_is_its_authors_and_the_remark_above_it_stays_here(app, slack):
    forward(app, slack, "Your invoice is wrong & nobody answers", "He is always like that.")
    assert initial(form(slack), "name") == "Otto Lund"
    send(app, slack)
    app.courier.deliver_all()

    made = app.desk.look(1)
    assert made.latest.text == "Your invoice is wrong & nobody answers"
    assert made.customer.handle == "Otto Lund"
    assert "always" not in str(slack.messages[made.conversation.card])


def test_two_whose_words_one_colleague_wrote_down_are_two_customers(app, slack):
    for words, name in (("The lid broke", "A man at the fair"), ("Too loud", "Mrs. Miller")):
        fake_slack.message_shortcut(
            app.bolt, slack.workspace, ANA, CARE, say(slack, words), "make_case"
        )
        send(app, slack, name=name)
    forward(app, slack, "Still broken", "")
    send(app, slack)
    forward(app, slack, "And now it leaks", "")
    send(app, slack)

    man, miller, otto, again = (app.desk.look(number) for number in (1, 2, 3, 4))
    assert (man.customer.handle, miller.customer.handle) == ("A man at the fair", "Mrs. Miller")
    assert man.conversation.customer != miller.conversation.customer
    assert (miller.past.times, again.past.times) == (0, 1)
    assert otto.conversation.customer == again.conversation.customer


MAIL = {
    "filetype": "email",
    "mode": "email",
    "subject": "My order",
    "from": [{"address": "Mira@Example.com", "name": "Mira Costa"}],
    "plain_text": "It never came.",
}


@pytest.mark.parametrize(
    ("message", "author", "name", "words"),
    [
        ({"user": "U1", "text": "Hello"}, "U1", "", "Hello"),
        ({"bot_id": "B1", "username": "Shop", "text": "Hello"}, "B1", "Shop", "Hello"),
        ({"text": "Hello"}, "", "", "Hello"),
        (
            {"bot_id": "B1", "attachments": [{"title": "Form", "text": "Hello"}]},
            "B1",
            "",
            "Form\nHello",
        ),
        ({"bot_id": "B1", "attachments": [{"fallback": "Hello"}]}, "B1", "", "Hello"),
        ({"user": "U1", "text": "see", "attachments": [{"text": "a page"}]}, "U1", "", "see"),
        (
            {"user": "USLACKBOT", "files": [MAIL]},
            "mira@example.com",
            "Mira Costa",
            "My order\n\nIt never came.",
        ),
        (
            {"user": "U1", "text": "oh", "attachments": [{"is_msg_unfurl": True, "files": [MAIL]}]},
            "mira@example.com",
            "Mira Costa",
            "My order\n\nIt never came.",
        ),
        (
            {"user": "U1", "text": "a picture", "files": [{"filetype": "png"}]},
            "U1",
            "",
            "a picture",
        ),
    ],
)
def test_whose_words_a_message_of_slack_holds(message, author, name, words):
    assert spoken(message) == (author, name, words)


def test_a_card_of_ours_is_no_new_case(app, slack, hear):
    hear()
    card = app.desk.look(1).conversation.card

    fake_slack.message_shortcut(app.bolt, slack.workspace, ANA, CARE, card, "make_case")

    assert slack.whispers[-1]["text"].startswith("That is a message of mine.")
    assert not slack.workspace.stacks.get(ANA)


def test_nobody_reads_a_channel_by_its_link_that_they_are_not_in(app, slack):
    members = [BEN, slack.workspace.bot_user]
    slack.workspace.add_channel("C0SECRET", "secret", members=members)
    ts = say(slack, "Salaries", where="C0SECRET")
    link = f"https://acme.slack.com/archives/C0SECRET/p{ts.replace('.', '')}"

    said = ask(app.bolt, slack.workspace, f"case {link}", by=ANA)

    assert said.startswith("I can't read that message.")
    assert not slack.workspace.stacks.get(ANA)


@given(words=TEXT, name=TEXT)
@STRICT
def test_slack_opens_every_one_of_these_forms(words, name):
    teams = [f"team {number}" for number in range(150)]
    contact = Contact(teams=teams, team="team 3", now=NOON, words=words)
    message = Said(channel="C0CARE", ts="1.000001", author="U0BEN", name=name, words=words)

    for view in (
        contact_forms.log(contact),
        contact_forms.log(replace(contact, teams=["care"], team=name)),
        contact_forms.make_case(message, teams, "gone"),
        contact_forms.logged(10**18, "C0CARE"),
    ):
        assert live_markup(accepted_view(view)) in ([], ["<#C0CARE>"])


def _bare(view):
    """As the bot sent it."""
    ours = ("type", "callback_id", "title", "close", "submit", "blocks", "private_metadata")
    return {name: view[name] for name in ours if view.get(name)}
