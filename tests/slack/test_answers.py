"""Answering from Slack: the form, the preview, the second person, and what comes after."""

import ast
import json
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from slack_bolt import BoltRequest

from bot.domain.approval import Approval
from bot.domain.conversation import State
from bot.domain.delivery import Refused, TryLater
from bot.domain.mention import Origin
from bot.domain.reply import WRITING
from bot.domain.roles import Right, Roles
from bot.domain.team import Teams
from bot.slack import later
from bot.slack.filled import correction_in
from bot.slack.listeners import Listeners
from storage import audit, mentions, people, replies
from storage.database import reading
from tests import fake_slack
from tests.conftest import CARE as TEAM
from tests.conftest import NOON
from tests.people import (
    ANA,
    BEN,
    CARE,
    LEA,
    answer,
    ask,
    choose,
    form,
    press,
    preview,
    publish,
    write,
)
from tests.slack.cases import controls, shown


@pytest.fixture
def careful(assemble, demo):
    """A team whose answers are all read by a second person."""
    team = replace(TEAM, approval=Approval(always=True))
    return _begun(assemble, demo, team)


def _begun(assemble, demo, team, **settings):
    bot = assemble(teams=Teams({"care": team}, tell=LEA), **settings)
    bot.intake.poll("demo", demo)
    return bot


def heard(app, demo, clock, words="My order is broken", **more):
    key = demo.post(words, **more)
    clock.pass_(seconds=1)
    app.intake.poll("demo", demo)
    app.courier.deliver_all()
    return key


def conversation(app, number=1):
    return app.desk.look(number).conversation


def card(app, slack, number=1):
    app.courier.deliver_all()
    return slack.messages[conversation(app, number).card]


def texts(demo):
    return [said.text for said in demo.answers()]


def said(slack):
    return [message["text"] for message in slack.messages.values()]


def block(view, id):
    return next(block for block in view["blocks"] if block.get("block_id") == id)


def fields(view):
    return [block["block_id"] for block in view["blocks"] if block["type"] == "input"]


def error(slack, by=ANA):
    return slack.workspace.view_errors[form(slack, by)["id"]]


def sent_back(app, slack, why, by=LEA):
    press(app, slack, "send_back", 1, by)
    values = {"because": {"text": why}}
    return fake_slack.submit(app.bolt, slack.workspace, by, form(slack, by)["id"], values)


# Drafts


def test_every_key_is_kept_and_offered_again_on_another_device(app, slack, hear):
    hear()
    press(app, slack, "reply", 1)

    view = form(slack)["id"]
    fake_slack.change(app.bolt, slack.workspace, ANA, view, "answer", "answer", "Dear Mi")

    assert app.answering.draft(1, ANA) == "Dear Mi"
    press(app, slack, "reply", 1)
    assert "Dear Mi" in str(form(slack)["blocks"])
    assert "You wrote this before, and it was not sent." in shown(form(slack))


def test_what_no_database_keeps_is_not_in_a_draft(app, slack, hear):
    hear()
    press(app, slack, "reply", 1)

    view = form(slack)["id"]
    fake_slack.change(app.bolt, slack.workspace, ANA, view, "answer", "answer", "De\0ar \ud83d")

    assert app.answering.draft(1, ANA) == "De\ufffdar \ufffd"


def test_who_is_writing_is_seen_on_the_card_and_in_the_others_form(app, slack, clock, hear):
    hear()
    press(app, slack, "reply", 1, by=BEN)
    clock.pass_(minutes=2)

    press(app, slack, "reply", 1, by=ANA)

    assert "<@U0BEN> is writing" in card(app, slack)["text"]
    told = shown(form(slack))
    assert "<@U0BEN> has begun an answer, and wrote in it 2 min ago." in told
    assert "U0ANA" not in told


def test_who_closes_the_form_is_writing_no_more_and_loses_nothing(app, slack, hear):
    hear()
    press(app, slack, "reply", 1)
    view = form(slack)["id"]
    fake_slack.change(app.bolt, slack.workspace, ANA, view, "answer", "answer", "Dear")
    assert "is writing" in card(app, slack)["text"]

    fake_slack.close(app.bolt, slack.workspace, ANA, view)

    assert "is writing" not in card(app, slack)["text"]
    assert app.answering.draft(1, ANA) == "Dear"


def test_who_stopped_long_ago_is_writing_no_more_although_nobody_said_so(app, slack, clock, hear):
    hear()
    press(app, slack, "reply", 1)
    assert "is writing" in card(app, slack)["text"]

    clock.pass_(seconds=WRITING.total_seconds() + 1)
    while app.sweep.redraw_one():
        pass

    assert "is writing" not in card(app, slack)["text"]


def test_a_form_that_was_opened_and_closed_leaves_no_draft(app, slack, hear):
    hear()
    press(app, slack, "reply", 1)
    fake_slack.close(app.bolt, slack.workspace, ANA, form(slack)["id"])

    assert app.answering.writing(1) == []


# The preview


def test_the_preview_shows_what_will_be_read_and_publishes_just_that(app, slack, demo, hear):
    hear()
    with app.desk.database.begin() as db:
        people.sign(db, ANA, "^AN")
    press(app, slack, "reply", 1)
    assert "Ends with *^AN*" in shown(form(slack))

    preview(app, slack, "So sorry!")

    view = form(slack)
    assert view["callback_id"] == "publish"
    assert view["submit"]["text"] == "Publish"
    seen = shown(view)
    assert "So sorry! ^AN" in seen
    assert "On the demo platform as *@acme*, public: everyone can read it" in seen
    assert texts(demo) == []
    publish(app, slack)
    app.courier.deliver_all()
    assert texts(demo) == ["So sorry! ^AN"]
    assert not slack.workspace.stacks.get(ANA)


def test_the_preview_opens_without_a_call_to_slack(app, slack, hear):
    hear()
    press(app, slack, "reply", 1)
    slack.calls.clear()

    preview(app, slack, "So sorry!")

    assert slack.calls == []


def test_a_long_answer_is_previewed_post_by_post_and_published_so(app, slack, demo, hear):
    hear()
    long = " ".join(f"Sentence {n} of this ends here." for n in range(60))
    press(app, slack, "reply", 1)
    assert "What is longer becomes a thread of up to 4 posts." in shown(form(slack))

    preview(app, slack, long)
    seen = shown(form(slack))
    publish(app, slack)
    app.courier.deliver_all()

    posts = demo.answers()
    assert len(posts) > 1
    assert " ".join(post.text for post in posts) == long
    assert [post.text[-1] for post in posts] == ["."] * len(posts)
    for number, post in enumerate(posts, 1):
        assert f"Post {number} of {len(posts)} {post.text}" in seen
    assert [post.to for post in posts[1:]] == [post.key for post in posts[:-1]]
    assert long[:100] in shown(card(app, slack))


def test_nothing_but_what_was_shown_is_published(app, slack, demo, hear):
    hear()
    press(app, slack, "reply", 1)
    preview(app, slack, "So sorry!")

    app.answering.keep_draft(1, ANA, "Something else, from her phone")
    publish(app, slack)

    app.courier.deliver_all()
    assert texts(demo) == []
    view = form(slack)
    assert view["callback_id"] == "publish"
    assert "It has changed since you saw it." in shown(view)
    assert "Something else, from her phone" in shown(view)
    publish(app, slack)
    app.courier.deliver_all()
    assert texts(demo) == ["Something else, from her phone"]


def test_a_signature_that_changed_meanwhile_is_shown_first(app, slack, demo, hear):
    hear()
    press(app, slack, "reply", 1)
    preview(app, slack, "So sorry!")

    ask(app.bolt, slack.workspace, "signature ^AN")
    publish(app, slack)

    app.courier.deliver_all()
    assert texts(demo) == []
    assert "So sorry! ^AN" in shown(form(slack))


def test_a_warning_must_be_looked_at_before_it_is_public(app, slack, demo, hear):
    hear()
    press(app, slack, "reply", 1)
    preview(app, slack, "Call +49 30 1234567 or see https://acme.example/help")

    assert "a phone number: +49 30 1234567" in shown(form(slack))
    assert "a link: https://acme.example/help" in shown(form(slack))
    with pytest.raises(AssertionError, match="has to be filled in"):
        publish(app, slack)
    publish(app, slack, looked=True)
    app.courier.deliver_all()

    assert len(texts(demo)) == 1


def test_a_warning_is_looked_at_even_where_the_form_has_no_field_for_it(
    app, assemble, slack, demo, hear
):
    hear()
    press(app, slack, "reply", 1)
    preview(app, slack, "It is order 123456.")
    stricter = assemble(teams=Teams({"care": replace(TEAM, watch=("order ######",))}, tell=LEA))

    publish(stricter, slack)

    app.courier.deliver_all()
    assert texts(demo) == []
    assert "on the team’s list: order 123456" in shown(form(slack))
    publish(stricter, slack, looked=True)
    app.courier.deliver_all()
    assert texts(demo) == ["It is order 123456."]


def test_a_private_message_is_answered_in_private_unless_somebody_looks_twice(
    app, slack, demo, hear
):
    first = hear("My order is broken")
    private = hear("My number is 12345", parent=first, public=False)
    press(app, slack, "reply", 1)
    where = block(form(slack), "where")["element"]
    assert where["initial_option"]["text"]["text"] == "In private: only they read it"
    assert where["options"][0] == where["initial_option"]

    preview(app, slack, "Thanks!", where={"where": where["options"][1]["value"]})

    seen = shown(form(slack))
    assert "The customer wrote in private, and this is public." in seen
    with pytest.raises(AssertionError, match="has to be filled in"):
        publish(app, slack)
    slack.workspace.stacks[ANA].pop()
    preview(app, slack, "Thanks!", where={"where": where["options"][0]["value"]})
    assert "In private, to " in shown(form(slack))
    publish(app, slack)
    app.courier.deliver_all()
    assert [post.to for post in demo.answers()] == [private]


def test_who_writes_in_private_meanwhile_is_not_answered_in_public_unasked(app, slack, demo, hear):
    first = hear("My order is broken")
    press(app, slack, "reply", 1)
    preview(app, slack, "Which order?")

    hear("It is 12345", parent=first, public=False)
    publish(app, slack)

    app.courier.deliver_all()
    assert texts(demo) == []
    assert "The customer wrote in private, and this is public." in shown(form(slack))
    publish(app, slack, looked=True)
    app.courier.deliver_all()
    assert texts(demo) == ["Which order?"]


def test_who_presses_publish_twice_is_told_nothing_that_worries_them(app, slack, demo, hear):
    hear()
    press(app, slack, "reply", 1)
    preview(app, slack, "Coming!")
    sent = slack.workspace.submit(ANA, form(slack)["id"], {})

    responses = [fake_slack.deliver(app.bolt, slack.workspace, sent) for _ in range(2)]

    assert [json.loads(each.body)["response_action"] for each in responses] == ["clear", "clear"]
    app.courier.deliver_all()
    assert texts(demo) == ["Coming!"]


def test_two_who_publish_at_once_give_one_answer_and_the_other_keeps_the_words(
    app, slack, demo, hear
):
    hear()
    for by in (ANA, BEN):
        press(app, slack, "reply", 1, by=by)
        preview(app, slack, f"From {by}", by=by)
    sent = [slack.workspace.submit(by, form(slack, by)["id"], {}) for by in (ANA, BEN)]

    with ThreadPoolExecutor() as threads:
        bodies = [BoltRequest(body=each.payload, mode="socket_mode") for each in sent]
        responses = [json.loads(r.body) for r in threads.map(app.bolt.dispatch, bodies)]
    app.courier.deliver_all()

    assert len(texts(demo)) == 1
    assert sorted(r["response_action"] for r in responses) == ["clear", "update"]
    [told] = [r["view"] for r in responses if r["response_action"] == "update"]
    loser = BEN if texts(demo) == [f"From {ANA}"] else ANA
    assert "is answering this one right now." in shown(told)
    assert f"From {loser}" in shown(told)
    assert app.answering.draft(1, loser) == f"From {loser}"


# Saved replies in the form


def saved(app, name, text, team="care", language=""):
    from bot.domain.saved import Written
    from bot.saved import SavedReplies

    SavedReplies(app.desk).save(Written(team, language, name, text), LEA)


def picked(app, slack, name, typed="", by=ANA):
    """Choose a saved reply from the menu of the open form."""
    view = form(slack, by)
    found = fake_slack.suggest(app.bolt, slack.workspace, by, view["id"], "saved_reply", typed)
    [value] = [o["value"] for o in found if o["text"]["text"].startswith(name)]
    fake_slack.act(app.bolt, slack.workspace, by, view["id"], "saved_reply", value)


def test_a_saved_reply_is_filled_and_keeps_what_was_typed(app, slack, demo, hear):
    saved(app, "Parcel", "Dear {first_name}, {agent} looks for it.")
    hear(name="Mira Lindqvist")
    press(app, slack, "reply", 1)
    view = form(slack)["id"]
    fake_slack.change(app.bolt, slack.workspace, ANA, view, "answer", "answer", "PS: Sorry!")

    picked(app, slack, "Parcel")

    drawn = form(slack)
    answering = block(drawn, "answer:1")["element"]
    name = app.bolt.client.users_info(user=ANA)["user"]["real_name"]
    assert answering["initial_value"].startswith("Dear Mira, ")
    assert answering["initial_value"].endswith("looks for it.\n\nPS: Sorry!")
    assert name.split()[0] in answering["initial_value"]
    fake_slack.submit(app.bolt, slack.workspace, ANA, drawn["id"], {})
    publish(app, slack)
    app.courier.deliver_all()
    assert texts(demo) == [answering["initial_value"]]


def test_what_is_not_known_is_asked_for_and_never_published_as_braces(app, slack, demo, hear):
    saved(app, "Order", "Order {order} is on its way.")
    hear()
    press(app, slack, "reply", 1)
    picked(app, slack, "Order")
    view = form(slack)
    assert block(view, "var:order")["label"]["text"] == "Order"

    fake_slack.submit(app.bolt, slack.workspace, ANA, view["id"], {})
    assert error(slack)["var:order"].startswith("{order} is not filled in.")

    values = {"var:order": {"text": "4711"}}
    fake_slack.submit(app.bolt, slack.workspace, ANA, view["id"], values)
    assert "Order 4711 is on its way." in shown(form(slack))
    publish(app, slack)
    app.courier.deliver_all()
    assert texts(demo) == ["Order 4711 is on its way."]


@pytest.mark.parametrize("text", ["It is {order}.", "{{order}}", "{ order number }"])
def test_no_way_publishes_braces(app, slack, demo, hear, text):
    hear()
    press(app, slack, "reply", 1)

    write(app, slack, text)

    app.courier.deliver_all()
    assert texts(demo) == []
    assert "is not filled in" in error(slack)["answer"]


def test_the_customers_language_comes_first_and_words_are_searched(app, slack, hear):
    saved(app, "Sorry", "We are sorry.", language="en")
    saved(app, "Leider", "Das tut uns leid.", language="de")
    hear(language="de")
    press(app, slack, "reply", 1)
    view = form(slack)["id"]

    found = fake_slack.suggest(app.bolt, slack.workspace, ANA, view, "saved_reply", "")
    assert [one["text"]["text"] for one in found] == ["Leider (de)", "Sorry (en)"]
    found = fake_slack.suggest(app.bolt, slack.workspace, ANA, view, "saved_reply", "sorry")
    assert [one["text"]["text"] for one in found] == ["Sorry (en)"]


def test_without_saved_replies_there_is_no_menu_of_them(app, slack, hear):
    hear()
    press(app, slack, "reply", 1)

    assert not [id for id in fields(form(slack)) if id.startswith("saved_reply")]


# Signatures


def test_a_person_signs_as_they_like_and_else_as_their_team_does(app, slack, assemble, demo, clock):
    signing = _begun(assemble, demo, replace(TEAM, signature="^{agent_initials}"))
    heard(signing, demo, clock)
    press(signing, slack, "reply", 1)
    assert "Ends with *^" in shown(form(slack))

    told = ask(signing.bolt, slack.workspace, "signature Ana from Acme")
    assert "Your answers end with *Ana from Acme*." in told
    press(signing, slack, "reply", 1)
    assert "Ends with *Ana from Acme*" in shown(form(slack))

    ask(signing.bolt, slack.workspace, "signature none")
    press(signing, slack, "reply", 1)
    assert "Ends with *^" in shown(form(slack))


def test_the_signature_is_counted(app, slack, hear):
    ask(app.bolt, slack.workspace, "signature ^AN")
    hear()
    press(app, slack, "reply", 1)

    preview(app, slack, "x" * 498)

    assert "Post 2 of 2" in shown(form(slack))


# Files


def test_files_go_with_the_answer(app, slack, demo, hear):
    hear()
    picture = slack.workspace.upload(ANA, "new.png", b"\x89PNG\r\n\x1a\n" + b"0" * 100).id
    press(app, slack, "reply", 1)
    assert block(form(slack), "files")["hint"]["text"] == "At most 2 files of 5 MB each, pictures."

    preview(app, slack, "Like this?", files={"files": [picture]})
    assert "with it: new.png (0.1 KB)" in shown(form(slack))
    publish(app, slack)
    app.courier.deliver_all()

    [post] = demo.answers()
    assert post.files == (("new.png", "image/png", 108),)


@pytest.mark.parametrize(
    ("files", "why"),
    [
        ([("a.png", 10), ("b.png", 10), ("c.png", 10)], "at most 2|no more than 2"),
        ([("big.png", 5_000_001)], "big.png is too large: the platform takes 5 MB a file."),
    ],
)
def test_files_that_the_platform_would_refuse_are_refused_at_their_field(
    app, slack, demo, hear, files, why
):
    hear()
    given = [slack.workspace.upload(ANA, name, b"\x89PNG" + b"0" * size).id for name, size in files]
    press(app, slack, "reply", 1)

    if len(files) > 2:
        with pytest.raises(AssertionError, match=why):
            preview(app, slack, "Like this?", files={"files": given})
        return
    preview(app, slack, "Like this?", files={"files": given})

    assert why in error(slack)["files"]
    assert app.answering.draft(1, ANA) == "Like this?"


# A second person


def test_an_answer_waits_for_a_second_person_who_is_called_and_approves(
    careful, slack, demo, clock
):
    heard(careful, demo, clock)
    press(careful, slack, "reply", 1)
    preview(careful, slack, "So sorry!")
    assert form(slack)["submit"]["text"] == "Send for approval"
    assert "Somebody else looks at it first" in shown(form(slack))
    publish(careful, slack)
    hung = card(careful, slack)

    assert texts(demo) == []
    assert controls(hung) == ["approve", "change", "send_back", "menu"]
    assert "So sorry!" in shown(hung)
    assert "<@U0ANA>" in shown(hung)
    assert [text for text in said(slack) if text.startswith("<@U0LEA>, <@U0ANA> has written")]
    assert conversation(careful).due_at == conversation(careful).waiting_since + timedelta(hours=1)

    press(careful, slack, "approve", 1, by=LEA)
    careful.courier.deliver_all()

    assert texts(demo) == ["So sorry!"]
    with reading(careful.desk.database) as db:
        reply = replies.last(db, 1)
    assert (reply.author, reply.approved_by) == (ANA, LEA)


def test_nobody_approves_what_they_wrote(careful, slack, demo, clock):
    heard(careful, demo, clock)
    answer(careful, slack, 1, "So sorry!")

    press(careful, slack, "approve", 1, by=ANA)

    careful.courier.deliver_all()
    assert texts(demo) == []
    assert slack.whispers[-1]["text"].startswith("You wrote this answer")


def test_who_may_not_approve_is_told_who_can(assemble, slack, demo, clock):
    roles = Roles({Right.APPROVE: [LEA]})
    team = replace(TEAM, approval=Approval(always=True), roles=roles)
    app = _begun(assemble, demo, team)
    heard(app, demo, clock)
    answer(app, slack, 1, "So sorry!")

    for button in ("approve", "change", "send_back"):
        press(app, slack, button, 1, by=BEN)

        app.courier.deliver_all()
        assert texts(demo) == []
        assert slack.whispers[-1]["text"] == "Only <@U0LEA> may approve answers. Ask them."
        assert not slack.workspace.stacks.get(BEN)
        slack.whispers.clear()


def test_nothing_is_approved_that_was_not_on_the_card(careful, slack, demo, clock):
    heard(careful, demo, clock)
    answer(careful, slack, 1, "A first try")
    pressed = slack.workspace.press(LEA, CARE, conversation(careful).card, "approve")
    sent_back(careful, slack, "Nicer.", by=BEN)
    card(careful, slack)
    answer(careful, slack, 1, "A second try")

    fake_slack.deliver(careful.bolt, slack.workspace, pressed)

    careful.courier.deliver_all()
    assert texts(demo) == []
    assert slack.whispers[-1]["text"].startswith("No answer waits for approval here any more.")


def test_a_second_person_changes_it_and_its_author_stays(careful, slack, demo, clock):
    with careful.desk.database.begin() as db:
        people.sign(db, ANA, "^AN")
        people.sign(db, LEA, "^LE")
    heard(careful, demo, clock)
    answer(careful, slack, 1, "So sory!")
    clock.pass_(minutes=1)

    press(careful, slack, "change", 1, by=LEA)
    view = form(slack, LEA)
    assert block(view, "answer")["element"]["initial_value"] == "So sory!"
    assert "promise" not in fields(view)
    write(careful, slack, "So sorry!", by=LEA)
    careful.courier.deliver_all()

    assert texts(demo) == ["So sorry! ^AN"]
    with reading(careful.desk.database) as db:
        reply = replies.last(db, 1)
    assert (reply.author, reply.approved_by) == (ANA, LEA)


def test_what_is_sent_back_is_its_authors_again_with_the_reason(careful, slack, demo, clock):
    heard(careful, demo, clock)
    answer(careful, slack, 1, "So what?")

    sent_back(careful, slack, "Kinder, please.")
    hung = card(careful, slack)

    assert texts(demo) == []
    assert "reply" in controls(hung)
    [told] = [text for text in said(slack) if "has sent your answer back" in text]
    assert told.startswith("<@U0ANA>, <@U0LEA> has sent your answer back: Kinder, please.")
    press(careful, slack, "reply", 1)
    assert block(form(slack), "answer")["element"]["initial_value"] == "So what?"
    assert "This was not taken: Kinder, please." in shown(form(slack))


def test_approval_goes_by_commands_as_well(careful, slack, demo, clock):
    heard(careful, demo, clock)
    answer(careful, slack, 1, "So what?")

    ask(careful.bolt, slack.workspace, "send back 1 Kinder, please.", by=LEA)
    assert app_state(careful) == (State.CLAIMED, None)
    card(careful, slack)
    clock.pass_(minutes=1)
    answer(careful, slack, 1, "So sorry!")
    assert ask(careful.bolt, slack.workspace, "approve 1", by=LEA) == "The answer to 1 goes out."
    careful.courier.deliver_all()

    assert texts(demo) == ["So sorry!"]


def app_state(app):
    return conversation(app).state, conversation(app).proposed


# What is published can be put right


def amended(app, slack, verb, by=ANA, **values):
    choose(app, slack, verb, 1, by)
    fake_slack.submit(app.bolt, slack.workspace, by, form(slack, by)["id"], values)


def test_an_answer_is_corrected_from_the_card(app, slack, demo, hear):
    hear()
    answer(app, slack, 1, "It comes tomorow.")
    card(app, slack)

    amended(app, slack, "correct", correction={"correction": "It comes tomorrow."})
    assert "is correcting the answer" in app_fallback(app)
    hung = card(app, slack)

    assert texts(demo) == ["It comes tomorrow."]
    assert "It comes tomorrow." in shown(hung)
    assert "corrected by <@U0ANA>" in hung["text"]


def app_fallback(app):
    from bot.slack.cards import card as draw

    return draw(app.desk.look(1), app.desk.now()).text


def test_what_can_not_be_amended_is_not_offered(app, slack, demo, clock, hear):
    hear()
    assert app.desk.look(1).can == frozenset()
    answer(app, slack, 1, "Here it is.")
    assert app.desk.look(1).can == {"correct", "withdraw"}

    app.amending.amend(1, ANA, "withdraw", key="w")
    assert app.desk.look(1).can == frozenset()
    app.courier.deliver_all()
    assert app.desk.look(1).can == frozenset()

    clock.pass_(minutes=1)
    answer(app, slack, 1, "A long one. " * 80)
    assert app.desk.look(1).can == {"withdraw"}
    assert len(texts(demo)) > 1


def test_what_is_promised_further_can_be_corrected_too(app, slack, demo, hear):
    hear()
    press(app, slack, "reply", 1)
    at = {"promise_at": {"at": int((NOON + timedelta(days=1)).timestamp())}}
    write(app, slack, "More tomorow.", **at)
    card(app, slack)
    assert conversation(app).open

    amended(app, slack, "correct", correction={"correction": "More tomorrow."})
    card(app, slack)

    assert texts(demo) == ["More tomorrow."]
    assert conversation(app).promised_for == NOON + timedelta(days=1)


def retyped(app, slack, text, by=ANA, number=1):
    """Open the form, type, and close it; the form as it opens again."""
    choose(app, slack, "correct", number, by)
    view, field = form(slack, by)["id"], "correction"
    fake_slack.change(app.bolt, slack.workspace, by, view, field, field, text)
    fake_slack.close(app.bolt, slack.workspace, by, view)
    choose(app, slack, "correct", number, by)
    return form(slack, by)


def corrected_text(view):
    return block(view, "correction")["element"]["initial_value"]


def test_a_correction_survives_a_closed_form(app, slack, demo, hear):
    hear()
    answer(app, slack, 1, "It comes tomorow.")
    card(app, slack)

    view = retyped(app, slack, "It comes to\0morrow at n\ud83d")

    assert corrected_text(view) == "It comes to\ufffdmorrow at n\ufffd"
    assert "You wrote this before, and it was not sent." in shown(view)
    choose(app, slack, "correct", 1, BEN)
    assert corrected_text(form(slack, BEN)) == "It comes tomorow."
    assert "You wrote this before" not in shown(form(slack, BEN))
    assert "is writing" not in card(app, slack)["text"]
    assert texts(demo) == ["It comes tomorow."]


def test_words_of_a_correction_and_of_the_next_answer_are_kept_apart(app, slack, hear):
    hear()
    press(app, slack, "reply", 1)
    at = {"promise_at": {"at": int((NOON + timedelta(days=1)).timestamp())}}
    write(app, slack, "More tomorow.", **at)
    card(app, slack)
    press(app, slack, "reply", 1)
    view = form(slack)["id"]
    fake_slack.change(app.bolt, slack.workspace, ANA, view, "answer", "answer", "It is here")

    view = retyped(app, slack, "More tomorrow")

    assert corrected_text(view) == "More tomorrow"
    assert app.answering.draft(1, ANA) == "It is here"
    assert "corrects" not in card(app, slack)["text"]


def test_a_correction_from_a_form_of_before_an_update_is_read():
    values = {"answer": {"text": {"value": "It comes."}}}

    assert correction_in({"state": {"values": values}}) == "It comes."


def test_a_correction_that_is_out_is_no_draft_and_one_that_is_refused_is(app, slack, demo, hear):
    hear()
    answer(app, slack, 1, "It comes tomorow.")
    card(app, slack)
    amended(app, slack, "correct", correction={"correction": "It comes tomorrow."})
    card(app, slack)
    choose(app, slack, "correct", 1)
    assert "You wrote this before" not in shown(form(slack))
    with reading(app.desk.database) as db:
        assert replies.draft(db, 1, replies.corrector(ANA)) == ""

    demo.delete(demo.answers()[0].key)
    amended(app, slack, "correct", correction={"correction": "It comes on Friday."})
    card(app, slack)
    choose(app, slack, "correct", 1)

    assert corrected_text(form(slack)) == "It comes on Friday."


def test_what_was_typed_before_a_colleague_corrected_it_is_not_offered(app, slack, clock, hear):
    hear()
    answer(app, slack, 1, "It comes tomorow.")
    card(app, slack)
    retyped(app, slack, "It comes soon.")
    clock.pass_(minutes=1)
    amended(app, slack, "correct", BEN, correction={"correction": "It comes tomorrow."})
    card(app, slack)

    choose(app, slack, "correct", 1)

    assert corrected_text(form(slack)) == "It comes tomorrow."


def test_a_correction_typed_behind_a_command_is_kept(app, slack, hear):
    hear()
    answer(app, slack, 1, "It comes tomorow.")
    card(app, slack)

    fake_slack.command(app.bolt, slack.workspace, ANA, CARE, "/unanswered correct 1 It comes!")
    fake_slack.close(app.bolt, slack.workspace, ANA, form(slack)["id"])
    choose(app, slack, "correct", 1)

    assert corrected_text(form(slack)) == "It comes!"


def test_a_correction_with_something_to_look_at_asks_first(app, slack, demo, hear):
    hear()
    answer(app, slack, 1, "See our page.")
    card(app, slack)

    amended(app, slack, "correct", correction={"correction": "See https://acme.example/a"})
    assert "a link: https://acme.example/a" in shown(form(slack))
    values = {"looked": ["yes"]}
    fake_slack.submit(app.bolt, slack.workspace, ANA, form(slack)["id"], values)
    card(app, slack)

    assert texts(demo) == ["See https://acme.example/a"]


def test_an_answer_is_withdrawn_and_the_customer_waits_again(app, slack, demo, hear):
    hear()
    answer(app, slack, 1, "To the wrong one!")
    card(app, slack)

    amended(app, slack, "withdraw")
    hung = card(app, slack)

    assert texts(demo) == []
    assert conversation(app).state is State.CLAIMED
    assert conversation(app).waits
    assert "withdrawn by <@U0ANA>" in hung["text"]
    with reading(app.desk.database) as db:
        assert "withdraw" in [each.what for each in audit.of_conversation(db, 1)]


def test_a_withdrawal_that_the_platform_refuses_is_told(app, slack, demo, hear):
    class Stubborn:
        def __getattr__(self, name):
            return getattr(demo, name)

        def correct(self, sent, mention, text, *, again):
            raise Refused("It is too late for that.")

        def withdraw(self, sent, mention, *, again):
            raise Refused("It is too late for that.")

    hear()
    answer(app, slack, 1, "To the wrong one!")
    card(app, slack)
    app.desk.adapters["demo"] = app.adapters["demo"] = Stubborn()

    amended(app, slack, "withdraw")
    hung = card(app, slack)

    assert texts(demo) == ["To the wrong one!"]
    assert conversation(app).state is State.ANSWERED
    assert "wanted to withdraw the answer; it stands as it was" in hung["text"]
    [note] = [text for text in said(slack) if "could not be withdrawn" in text]
    assert note.startswith("<@U0ANA>, the answer could not be withdrawn: It is too late for that.")


# Answered there


def there(app, slack, link, by=ANA):
    choose(app, slack, "there", 1, by)
    values = {"link": {"text": link}}
    response = fake_slack.submit(app.bolt, slack.workspace, by, form(slack, by)["id"], values)
    later.finish()
    return response


def test_an_answer_there_is_fetched_and_counts_from_its_own_time(app, slack, demo, clock, hear):
    key = hear()
    clock.pass_(minutes=10)
    answered = demo.answer_elsewhere(key, "We called you.")
    at = clock()
    clock.pass_(hours=3)

    there(app, slack, f"https://demo.example/post/{answered}")
    hung = card(app, slack)

    assert conversation(app).answered_at == at
    assert "We called you." in shown(hung)
    assert "Answered on the demo platform itself, says <@U0ANA>" in " ".join(shown(hung).split())


@pytest.mark.parametrize("link", ["the blue one", "ftp://acme.example", "javascript:alert(1)"])
def test_what_is_no_address_is_said_at_the_field(app, slack, hear, link):
    hear()

    there(app, slack, link)

    assert error(slack)["link"].startswith("This is no address.")
    assert conversation(app).state is State.WAITING


def test_an_address_where_nothing_of_ours_is_changes_nothing(app, slack, hear):
    key = hear()

    there(app, slack, f"https://demo.example/post/{key}")

    assert conversation(app).state is State.WAITING
    assert "I found no answer of ours at that address" in said(slack)[-1]


def test_an_older_post_of_ours_is_no_answer_to_what_came_after(app, slack, demo, clock, hear):
    key = hear()
    answered = demo.answer_elsewhere(key, "We called you.")
    clock.pass_(minutes=5)
    app.intake.poll("demo", demo)
    hear("Still broken!", parent=key)

    there(app, slack, f"https://demo.example/post/{answered}")

    assert conversation(app).open
    assert "That post is older than what the customer waits for." in said(slack)[-1]


def test_where_nobody_can_look_the_card_shows_the_link(app, slack, demo, clock, hear):
    hear()
    demo.find = _away
    clock.pass_(minutes=5)

    there(app, slack, "https://demo.example/post/d77")
    hung = card(app, slack)

    assert conversation(app).answered_at == clock()
    assert "https://demo.example/post/d77" in shown(hung)
    assert "says  <@U0ANA>" in shown(hung)
    with reading(app.desk.database) as db:
        assert mentions.find(db, "demo", "link:https://demo.example/post/d77")


def _away(url):
    raise TryLater("The platform is away.")


def test_the_command_takes_a_link_as_well(app, slack, demo, hear):
    key = hear()
    answered = demo.answer_elsewhere(key, "We called you.")

    told = ask(app.bolt, slack.workspace, f"answered 1 https://demo.example/post/{answered}")
    later.finish()

    assert told.startswith("I am looking at it.")
    assert conversation(app).state is State.ANSWERED


# One way out


ROOT = Path(__file__).parents[2]
OUTWARD = {"reply", "correct", "withdraw"}


def _calls(path):
    """Calls by the names of what leaves: of an adapter, or as only adapters are called."""
    tree = ast.parse(path.read_text())
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            of = ast.unparse(node.func.value)
            asks = any(word.arg == "again" for word in node.keywords)
            if node.func.attr in OUTWARD and ("adapter" in of.lower() or asks):
                yield f"{path.relative_to(ROOT)}: {ast.unparse(node.func)}"


def test_only_the_publisher_calls_what_an_adapter_publishes_with():
    files = [*(ROOT / "bot").rglob("*.py"), *(ROOT / "storage").rglob("*.py")]
    found = {call for file in files for call in _calls(file)}

    assert found == {
        "bot/publisher.py: adapter.reply",
        "bot/publisher.py: adapter.correct",
        "bot/publisher.py: adapter.withdraw",
    }


class Recording:
    """An adapter that remembers what was said through it, and says it."""

    def __init__(self, demo):
        self.demo, self.left, self.lock = demo, [], threading.Lock()

    def __getattr__(self, name):
        return getattr(self.demo, name)

    def reply(self, mention, text, *, key, again, files=()):
        self._note("reply", text)
        return self.demo.reply(mention, text, key=key, again=again, files=files)

    def correct(self, sent, mention, text, *, again):
        self._note("correct", text)
        return self.demo.correct(sent, mention, text, again=again)

    def withdraw(self, sent, mention, *, again):
        self._note("withdraw", "")
        self.demo.withdraw(sent, mention, again=again)

    def _note(self, what, text):
        with self.lock:
            self.left.append((what, text))


def test_whatever_is_pressed_typed_and_said_nothing_leaves_but_a_published_answer(
    app, slack, demo, hear
):
    recording = Recording(demo)
    app.desk.adapters["demo"] = app.adapters["demo"] = recording
    hear()
    ts = conversation(app).card
    workspace, bolt = slack.workspace, app.bolt
    secret = "He is a fool, do not pay him"

    envelope = workspace.say(BEN, CARE, secret, thread_ts=ts)
    if envelope:
        fake_slack.deliver(bolt, workspace, envelope)
    workspace.say(BEN, CARE, secret)
    verbs = ["", "claim", "take over", "complaint", "tag", "snooze", "wake", "why", "history"]
    verbs += ["note", "assign", "escalate", "published", "send again", "approve", "send back"]
    verbs += ["reply", "correct", "withdraw", "change", "dismiss", "undo", "answered", "settled"]
    for verb in verbs:
        fake_slack.command(bolt, workspace, ANA, CARE, f"/unanswered {verb} 1 {secret}")
        app.courier.deliver_all()
    for words in ("signature " + secret, "replies " + secret, secret, "mine", "help"):
        fake_slack.command(bolt, workspace, ANA, CARE, f"/unanswered {words}")
    fake_slack.open_home(bolt, workspace, ANA)
    later.finish()
    app.courier.deliver_all()
    assert recording.left == []

    ask(bolt, workspace, "signature none")
    other = hear("Where is my invoice?", by="otto")
    press(app, slack, "reply", 2)
    write(app, slack, "Here it is.")
    app.courier.deliver_all()
    assert recording.left == [("reply", "Here it is.")]
    assert [post.to for post in demo.answers()] == [other]
    with reading(app.desk.database) as db:
        published = replies.last(db, 2)
    assert published.text == "Here it is."


def _counter(app):
    """All that this bot answers to."""
    asked = (getattr(each.ack_function, "__self__", None) for each in app.bolt._listeners)
    return next(each for each in asked if isinstance(each, Listeners)).counter


def _dispatch(app, payload):
    app.bolt.dispatch(BoltRequest(body=payload, mode="socket_mode"))
    later.finish()
    app.courier.deliver_all()


def _view(name, secret):
    """A form of ours as it comes back, with the same words in every field that there may be."""
    about = {"conversation": 1, "mention": 1, "what": "reply", "round": 0, "missing": []}
    about |= {"files": [], "promised_for": None, "shown": "?", "id": 1, "team": "care"}
    typed = {"value": secret, "selected_option": {"value": "1"}, "selected_user": BEN}
    typed |= {"selected_options": [{"value": "1"}], "files": []}
    blocks = [
        "answer",
        "correction",
        "because",
        "more",
        "text",
        "link",
        "name",
        "reason",
        "until",
        "note",
    ]
    blocks += ["what_if", "saved_text", "saved_search", "to", "words", "kind", "looked", "where"]
    values = {block: dict.fromkeys([block, "text", "at", "person"], typed) for block in blocks}
    view = {"id": "V0EVERY", "root_view_id": "V0EVERY", "type": "modal", "callback_id": name}
    more = {"private_metadata": json.dumps(about), "state": {"values": values}, "blocks": []}
    return view | more


def test_whatever_slack_sends_to_any_listener_nothing_leaves(app, slack, demo, hear):
    recording = Recording(demo)
    app.desk.adapters["demo"] = app.adapters["demo"] = recording
    hear()
    secret, counter = "He is a fool, do not pay him", _counter(app)
    assert {"reply", "approve", "answer", "send_again"} <= counter.buttons.keys()
    assert {"reply", "publish", "correct", "withdraw"} <= counter.sent.keys()
    app.answering.keep_draft(1, ANA, secret)
    who = {"user": {"id": ANA}, "team": {"id": "T0ACME"}, "trigger_id": "1.2", "token": "x"}
    where = {"channel": {"id": CARE}, "message": {"ts": conversation(app).card, "text": secret}}

    for name in (*counter.buttons, "menu", "open_form"):
        for value in ("1", f"{secret} 1", *(f"{verb} 1" for verb in counter.menu)):
            action = {"action_id": name, "block_id": "b", "type": "button", "value": value}
            press = {"type": "block_actions", "actions": [action]}
            _dispatch(app, who | where | press)
            _dispatch(app, who | press | {"view": _view("reply", secret)})
    for name in (*counter.sent, *counter.closed):
        for kind in ("view_submission", "view_closed"):
            _dispatch(app, who | {"type": kind, "view": _view(name, secret)})
    for name in counter.shortcuts:
        for kind in ("shortcut", "message_action"):
            _dispatch(app, who | where | {"type": kind, "callback_id": name})
    for name in (*counter.events, "message", "app_mention"):
        event = {"type": name, "user": ANA, "channel": CARE, "text": secret}
        event |= {"thread_ts": conversation(app).card, "ts": "9.9", "event_ts": "9.9"}
        _dispatch(app, {"type": "event_callback", "team_id": "T0ACME", "event": event})

    assert recording.left == []
    assert texts(demo) == []
    with reading(app.desk.database) as db:
        assert replies.last(db, 1) is None


def test_a_link_is_kept_as_the_brands_own_word_and_starts_no_clock(app, slack, demo, hear):
    hear()
    demo.find = _away
    there(app, slack, "https://demo.example/post/d77")

    own = [m for m in app.desk.look(1).mentions if m.origin is Origin.OWN]
    assert [(m.url, m.text) for m in own] == [("https://demo.example/post/d77", "")]
    assert conversation(app).state is State.ANSWERED
