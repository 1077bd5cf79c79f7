"""A customer in full: what is known, what colleagues wrote, and all that was said, in pages."""

import json
from dataclasses import replace
from datetime import timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.contacts import Contacts
from bot.domain.conversation import State
from bot.domain.mention import Customer, Kind, Origin
from bot.domain.profile import Chapter, FollowUp, Note, Profile
from bot.merging import Merging
from bot.playground.pings import pings
from bot.slack import histories, lands
from bot.slack.tongue import speaking
from tests import fake_slack
from tests.conftest import NOON
from tests.people import ANA, BEN, CARE, ask, choose, form
from tests.slack.cases import MIRA, POST, SENT, accepted_view, controls, shown
from tests.slack.hostile import TEXT, URL, cases_of_all_kinds, live_markup

STRICT = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
ON_X = Customer(platform="twitter", key="7", handle="@mira_l", url="https://x.com/mira_l")
CHAPTER = Chapter(
    number=41,
    account="twitter",
    team="care",
    state=State.DISMISSED,
    kind=Kind.COMPLAINT,
    since=NOON,
    closed_at=NOON,
    closed_by="U0BEN",
    closed_because="Spam",
)
NOTE = Note(id=3, customer=1, by="U0ANA", at=NOON, text="Calls on Mondays <!channel>")
WANTED = FollowUp(id=5, conversation=41, by="U0ANA", at=NOON, due_at=NOON, text="Does it work?")


def profile(**more):
    usual = {"customer": MIRA, "identities": (MIRA,), "chapters": (CHAPTER,)}
    return Profile(**{**usual, **more})


def seen(view):
    return shown(accepted_view(view))


def act(app, slack, action, value=None, by=ANA):
    return fake_slack.act(app.bolt, slack.workspace, by, form(slack, by)["id"], action, value)


def send(app, slack, by=ANA, **values):
    view = form(slack, by)
    return fake_slack.submit(app.bolt, slack.workspace, by, view["id"], values)


# What is shown


def test_everything_that_is_known_is_told():
    known = profile(
        identities=(MIRA, ON_X),
        tags=("VIP", "loyal"),
        language="de",
        timezone="America/New_York",
        notes=(NOTE,),
        follow_ups=(WANTED,),
        chapters=(replace(CHAPTER, promised_for=NOON, promised_by="U0LEA"), CHAPTER),
        known_by=("U0BEN",),
    )

    told = seen(histories.about(known, 42, NOON))

    for part in (
        "Mira Lindqvist (@mira)",
        "1,204 followers",
        "@mira_l",
        "Language: German",
        "There it is Tue 3 Nov 07:00 in America/New York",
        "Tags: VIP, loyal",
        "Has had answers from <@U0BEN>",
        "#41: another word by",
        "<@U0ANA> asks on",
        "Does it work?",
        "Calls on Mondays &lt;!channel&gt;",
        "dismissed",
        ": Spam",
    ):
        assert part in told


def test_a_public_profile_is_a_snapshot():
    told = {"since": NOON, "place": "Graz <!channel>", "website": "m.example", "seen_at": NOON}
    mira = replace(MIRA, verified=True, speaks="de-AT", **told)

    seen_now = seen(histories.about(profile(customer=mira), 42, NOON))

    for part in ("verified", "there since 2026", "Graz", "m.example", "German", "as of"):
        assert part in seen_now


def test_what_nobody_knows_is_said_once():
    told = seen(histories.about(profile(chapters=()), 42, NOON))

    assert "Nothing yet." in told
    assert "Nothing is promised, nobody is reminded." in told
    assert "Known as" not in told


def test_history_tells_who_said_what_and_where_newest_first():
    own = replace(POST, id=9, origin=Origin.OWN, text="Try again now")
    gone = replace(POST, id=8, text="Oops", deleted=True)
    back = replace(SENT, key="V2", text="Taken back", withdrawn_at=NOON)
    said = [own, SENT, gone, POST, back]

    told = seen(histories.said(profile(), 42, 0, said, more=False))

    for part in ("answered there on X", "<@U0ANA>", "wrote on X, deleted since", "wrote on X"):
        assert part in told
    assert told.index("Try again now") < told.index(SENT.text) < told.index("Oops")
    assert ", withdrawn since" in told


def test_history_has_what_came_and_went_along():
    photo = replace(POST, media=("https://pbs.example/1.jpg", "mid:a/1", "mid:a/2"))
    answer = replace(SENT, files=({"id": "F1", "name": "lid.png", "size": 33_000},))

    told = histories.said(profile(), 42, 0, [answer, photo], more=False)

    assert "with it: lid.png (33 KB)" in seen(told)
    assert "https://pbs.example/1.jpg" in json.dumps(told)
    assert "2 pictures in the message, not shown here" in seen(told)


def test_it_is_the_same_in_german():
    with speaking("de"):
        assert lands.language("de-AT") == "Deutsch"
        accepted_view(histories.about(profile(language="de", notes=(NOTE,)), 42, NOON))


def test_a_language_nobody_knows_is_shown_as_it_is():
    assert lands.language("qya-elvish") == "qya-elvish"
    assert lands.foreign(None) == ""
    assert lands.foreign("en-US") == ""


def test_ways_that_are_shown_now_are_said_to_be():
    view = histories.notes(profile(notes=(NOTE,)), 42, 0)

    [here] = [e for e in view["blocks"][0]["elements"] if e.get("style")]
    assert here["text"]["text"] == "Notes (1)"
    assert here["accessibility_label"] == "Notes (1), shown now"


@given(hostile=cases_of_all_kinds(), text=TEXT, url=URL, many=st.sampled_from([1, 100, 10_000]))
@STRICT
def test_slack_opens_every_page_of_anybody(hostile, text, url, many):
    who = replace(hostile.customer, url=url)
    chapters = [replace(CHAPTER, closed_because=text)] * many
    notes = [replace(NOTE, text=text)] * min(many, 100)
    wanted = [replace(WANTED, text=text)] * min(many, 1000)
    known = profile(
        customer=who,
        identities=[who] * min(many, 1000),
        tags=[text, text],
        notes=notes,
        chapters=chapters,
        follow_ups=wanted,
        known_by=["U0ANA"] * min(many, 5),
    )
    entries = [*hostile.mentions, hostile.reply or SENT] * 10

    for view in (
        histories.about(known, 42, NOON),
        histories.notes(known, 42, 1),
        histories.chapters(known, 42, 3),
        histories.said(known, 42, 7, entries[: histories.PAGE], more=True),
        histories.person_form(known, 42, "customer"),
    ):
        message = accepted_view(view)
        assert set(pings(message)) <= {"U0ANA", "U0BEN", "U0LEA"}
        assert live_markup(message) == []
        assert len(json.dumps(view)) < 250_000


@given(urls=st.lists(URL, min_size=20, max_size=20), text=TEXT)
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_the_fullest_page_fits(urls, text):
    said = [replace(POST, url=url, text=text) for url in urls]

    assert len(json.dumps(histories.said(profile(), 42, 0, said, more=True))) < 250_000


# What is pressed


def test_history_goes_on_page_by_page(app, slack, demo, hear):
    for number in range(25):
        hear(f"Complaint number {number} of many", by="mira")
    choose(app, slack, "customer", 25)
    assert "Conversations (25)" in shown(form(slack))
    act(app, slack, "customer_said")
    assert "Complaint number 24 of many" in shown(form(slack))
    assert "customer_newer" not in controls(form(slack))

    act(app, slack, "customer_older")

    told = shown(form(slack))
    assert "Complaint number 4 of many" in told
    assert "Complaint number 5 of many" not in told
    assert "customer_older" not in controls(form(slack))
    act(app, slack, "customer_newer")
    assert "Complaint number 24 of many" in shown(form(slack))
    act(app, slack, "customer_chapters")
    assert shown(form(slack)).count("still open") == 20


def test_history_goes_over_all_identities(app, slack, hear):
    hear("My order is broken", by="mira")
    hear("Still broken", by="mira_l")
    first, second = (app.desk.look(number).conversation.customer for number in (1, 2))
    Merging(app.desk).join(second, first, ANA)

    fake_slack.command(app.bolt, slack.workspace, ANA, CARE, "/unanswered history 2")

    told = shown(form(slack))
    assert "My order is broken" in told
    assert "Still broken" in told


def test_what_is_known_is_kept_and_shown_below(app, slack, hear):
    hear()
    app.desk.tag(1, ANA, "old")
    choose(app, slack, "customer", 1)
    act(app, slack, "open_form", "person 1")
    [german] = [
        each
        for each in fake_slack.suggest(
            app.bolt, slack.workspace, ANA, form(slack)["id"], "language_found", "german"
        )
        if each["value"] == "de"
    ]
    zones = fake_slack.suggest(
        app.bolt, slack.workspace, ANA, form(slack)["id"], "zone_found", "new york"
    )

    send(
        app,
        slack,
        tags="VIP, press",
        language={"language_found": {"type": "external_select", "selected_option": german}},
        timezone={"zone_found": {"type": "external_select", "selected_option": zones[0]}},
        note="Calls on Mondays",
    )

    told = shown(form(slack))  # the customer, drawn anew
    assert form(slack)["callback_id"] == "customer"
    for part in ("German", "America/New York", "Tags: VIP, press", "Calls on Mondays"):
        assert part in told
    assert sorted(app.desk.look(1).conversation.tags) == ["VIP", "press"]


def test_tags_that_nobody_changed_stay_as_they_are(app, slack, hear):
    hear()
    tags = ["a, b", *(f"tag number {number} of very many" for number in range(150))]
    for tag in tags:
        app.desk.tag(1, ANA, tag)
    fake_slack.command(app.bolt, slack.workspace, ANA, CARE, "/unanswered note 1")

    send(app, slack, note="Calls on Mondays")

    assert sorted(app.desk.look(1).conversation.tags) == sorted(tags)


def test_what_is_known_can_be_taken_out_again(app, slack, hear):
    hear()
    choose(app, slack, "customer", 1)
    act(app, slack, "open_form", "person 1")
    offered = fake_slack.suggest(
        app.bolt, slack.workspace, ANA, form(slack)["id"], "zone_found", "berlin"
    )
    assert offered[-1]["text"]["text"] == "Not known"
    send(app, slack, timezone={"zone_found": _selected(offered[0])})
    assert "Europe/Berlin" in shown(form(slack))
    act(app, slack, "open_form", "person 1")
    fake_slack.suggest(app.bolt, slack.workspace, ANA, form(slack)["id"], "zone_found", "berlin")

    send(app, slack, timezone={"zone_found": _selected(offered[-1])})

    assert "Europe/Berlin" not in shown(form(slack))


def test_a_note_by_word_is_on_the_card_of_who_comes_back_and_can_be_removed(app, slack, hear):
    hear()
    answer_there(app)
    hear("Where is my invoice?")

    said = ask(app.bolt, slack.workspace, "note 2 calls on Mondays")
    app.courier.deliver_all()

    assert said.startswith("Kept.")
    assert "1 note" in slack.messages[app.desk.look(2).conversation.card]["text"]
    choose(app, slack, "customer", 2)
    act(app, slack, "customer_notes")
    act(app, slack, "drop_note")
    assert "Nobody has written a note" in shown(form(slack))


def test_who_knows_a_customer_who_comes_back_is_on_the_card(app, slack, hear):
    hear()
    app.desk.claim(1, BEN)
    app.answering.answered_there(1, BEN)
    hear("Where is my invoice?")

    drawn = slack.messages[app.desk.look(2).conversation.card]

    assert "<@U0BEN> knows them" in drawn["text"]


# Later


def test_somebody_is_reminded_by_form(app, slack, clock, hear):
    hear()
    app.answering.answered_there(1, ANA)
    app.courier.deliver_all()
    choose(app, slack, "follow_up", 1)

    send(app, slack, until=_labelled(form(slack), "until", "In a week"), text="Does it work?")

    [wanted] = Contacts(app.desk).follow_ups(app.desk.look(1).conversation.customer)
    assert wanted.due_at == clock().replace(second=0) + timedelta(days=7, minutes=1)
    assert wanted.text == "Does it work?"


def test_a_reminder_in_the_past_is_said_at_its_field(app, slack, hear):
    hear()
    choose(app, slack, "follow_up", 1)

    send(app, slack, until_at=int((NOON - timedelta(days=1)).timestamp()))

    assert list(slack.workspace.view_errors[form(slack)["id"]]) == ["until_at"]


def test_a_reminder_from_the_customers_form_is_shown_there_and_taken_out(app, slack, hear):
    hear()
    choose(app, slack, "customer", 1)
    act(app, slack, "open_form", "follow_up 1")
    send(app, slack, until=_labelled(form(slack), "until", "In a week"), text="How is it?")

    assert form(slack)["callback_id"] == "customer"
    assert "How is it?" in shown(form(slack))
    act(app, slack, "drop_follow_up")
    assert "How is it?" not in shown(form(slack))


def test_a_reminder_by_word(app, slack, hear):
    hear()

    said = ask(app.bolt, slack.workspace, "follow up 1 in a week does it work?")

    assert said.startswith("You are reminded of 1 on <!date^")
    [wanted] = Contacts(app.desk).follow_ups(app.desk.look(1).conversation.customer)
    assert wanted.text == "does it work?"
    assert ask(app.bolt, slack.workspace, "follow up 1 whenever").startswith("I don't read a time")


# How


def answer_there(app):
    app.desk.claim(1, ANA)
    app.answering.answered_there(1, ANA)
    app.courier.deliver_all()


def _selected(option):
    return {"type": "external_select", "selected_option": option}


def _labelled(view, block, label):
    """The option whose label begins so."""
    [found] = [each for each in view["blocks"] if each["block_id"] == block]
    options = found["element"]["options"]
    return next(each["value"] for each in options if each["text"]["text"].startswith(label))


def test_an_answer_from_here_is_in_the_history(app, slack, hear):
    hear()
    app.answering.answered_there(1, ANA)
    fake_slack.command(app.bolt, slack.workspace, ANA, CARE, "/unanswered verlauf 1")

    assert "My order is broken" in shown(form(slack))
