"""The form, its preview and what is around an answer: within Slack's limits, whatever is in it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.domain.approval import Why
from bot.domain.parts import split
from bot.domain.problems import NotPossible
from bot.domain.reply import Ability, Amendment, Draft, Files, Part
from bot.domain.saved import Saved
from bot.domain.warnings import warnings
from bot.slack import cards, filled, notes, previews, reply_forms, saved_forms
from bot.slack.previews import Proof
from bot.slack.reply_forms import Sheet
from bot.slack.tongue import speaking
from tests.conftest import CARE as TEAM
from tests.conftest import NOON
from tests.slack.cases import (
    ANSWERED,
    CLAIMED,
    HOUR,
    POST,
    REPLY,
    REPLYING,
    SENT,
    STATES,
    TOMORROW,
    accepted,
    accepted_view,
    case,
    controls,
    shown,
)
from tests.slack.hostile import TEXT, cases_of_all_kinds, live_markup

STRICT = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
BERLIN = ZoneInfo("Europe/Berlin")
FRIDAY = datetime(2026, 11, 6, 11, tzinfo=UTC)
CHOICES = [("In two working hours: Tue 3 Nov 15:00", NOON + 2 * HOUR), ("Friday noon", FRIDAY)]
ABILITY = Ability(speaks_as="@acme", limit=280, parts=3, files=Files(2, 5_000_000, ("image/",)))
PRIVATE = replace(POST, id=8, public=False)
ABOUT = {"conversation": 42, "mention": 7, "what": "reply", "files": [], "promised_for": None}


def sheet(asked=None, **more):
    asked = asked or case()
    given = {"case": asked, "ability": ABILITY, "at": asked.latest, "now": NOON, "zone": BERLIN}
    return Sheet(**given | {"promises": CHOICES} | more)


def proof(posts, asked=None, **more):
    asked = asked or case()
    given = {"case": asked, "at": asked.latest, "ability": ABILITY, "posts": posts, "about": ABOUT}
    return Proof(**given | more)


def test_the_form_says_all_that_one_must_know_before_writing():
    seen = shown(accepted_view(reply_forms.reply(sheet(sign=" ^AN", choosing=True))))

    assert "To  Mira Lindqvist (@mira)" in seen
    assert "Published on X as *@acme*, public: everyone can read it." in seen
    assert "Up to 280 characters, as the platform counts them." in seen
    assert "What is longer becomes a thread of up to 3 posts." in seen
    assert "At most 2 files of 5 MB each, pictures." in seen
    assert "Begin with a saved reply" in seen
    assert "Ends with *^AN*" in seen


def test_a_choice_of_places_begins_where_the_customer_wrote_last():
    asked = case(mentions=[POST, replace(PRIVATE, posted_at=NOON + HOUR)])

    view = reply_forms.reply(sheet(asked, places=[asked.latest, POST]))

    accepted_view(view)
    [radio] = [b["element"] for b in view["blocks"] if b.get("block_id") == "where"]
    assert radio["initial_option"]["text"]["text"] == "In private: only they read it"
    assert [option["value"] for option in radio["options"]] == ["8", "7"]


def test_a_place_that_is_missing_is_a_field_of_its_own():
    view = reply_forms.reply(sheet(text="Order {order}", missing=("order", "the_colour")))

    seen = shown(accepted_view(view))
    assert "Order It goes where {order} stands." in seen
    assert "The colour" in seen
    assert filled.opened_at(view)["missing"] == ["order", "the_colour"]


def test_the_preview_has_every_post_where_it_goes_and_who_looks_at_it():
    told = proof(
        ["First.", "Second. ^AN"],
        files=[{"id": "F1", "name": "new.png", "type": "image/png", "size": 120_000}],
        promised_for=FRIDAY,
        why=Why.ALWAYS,
    )

    view = previews.preview(told)

    seen = shown(accepted_view(view))
    assert "Post 1 of 2 First. Post 2 of 2 Second. ^AN" in seen
    assert "with it: new.png (120 KB)" in seen
    assert "another word is promised for" in seen
    assert "Somebody else looks at it first: this team has every answer read." in seen
    assert view["submit"]["text"] == "Send for approval"
    assert controls(view) == []


def test_a_name_that_is_put_in_front_of_an_answer_is_in_its_preview():
    called = replace(POST, extra={"begins_with": "@mira@far.example <!channel>"})

    view = previews.preview(proof(["On its way."], at=called))
    without = previews.preview(proof(["On its way."]))

    assert "it begins with *@mira@far.example &lt;" in str(view)
    assert "begins with" not in str(without)


@pytest.mark.parametrize("overt", [True, False])
def test_what_had_better_be_looked_at_asks_for_a_tick(overt):
    found = warnings("Pay with 4111 1111 1111 1111", public=True)

    view = previews.preview(proof(["Pay"], warnings=found, overt=overt))

    seen = shown(accepted_view(view))
    assert "a card number: 4111 1111 1111 1111" in seen
    assert ("The customer wrote in private, and this is public." in seen) is overt
    assert controls(view) == ["looked"]
    [box] = [b for b in view["blocks"] if b["type"] == "input"]
    assert box["optional"] is False


def test_a_promise_of_all_files_fits_what_a_form_remembers():
    file = {"id": "F0" + "A" * 9, "name": "ä" * 60, "type": "image/png", "size": 9_999_999}
    about = ABOUT | {"files": [file] * 10, "shown": "0" * 64, "proposed": "V" * 12}

    accepted_view(previews.preview(proof(["x"], about=about)))


@STRICT
@given(asked=cases_of_all_kinds(), text=TEXT, name=TEXT, sign=TEXT, public=st.booleans())
def test_whatever_is_in_them_slack_takes_every_form(asked, text, name, sign, public):
    at = replace(asked.latest, public=public)
    writing = [Draft(author="U0BEN", text=text, at=NOON)]
    hostile = replace(ABILITY, speaks_as=name)
    missing = tuple(f"place_{n}" for n in range(12))
    drawn = sheet(
        asked, at=at, ability=hostile, text=text, sign=sign, writing=writing, missing=missing
    )
    reply = replace(asked.reply or REPLY, text=text, parts=(Part(number=0, text=text[:3000]),))
    views = [
        reply_forms.reply(drawn),
        reply_forms.reply(replace(drawn, what="change", proposed="V1", choosing=True, round=3)),
        reply_forms.send_back(asked, reply),
        reply_forms.withdraw(asked, reply),
        reply_forms.correct(asked, reply, hostile, text=text),
        reply_forms.answered_there(asked),
    ]

    for view in views:
        message = accepted_view(view)
        assert live_markup(message) == []


@STRICT
@given(asked=cases_of_all_kinds(), text=TEXT, public=st.booleans())
def test_whatever_is_answered_slack_takes_its_preview(asked, text, public):
    try:
        posts = split(text[:3000], limit=280, most=60, length=len, sign="^AN")
    except NotPossible:
        posts = []
    told = proof(
        posts or ["x"],
        asked,
        at=replace(asked.latest, public=public),
        warnings=warnings(text[:3000], public=True, watch=("#",)),
        overt=public,
        files=[{"id": "F1", "name": text[:60], "type": "image/png", "size": 1}],
    )

    view = previews.preview(told)

    assert live_markup(accepted_view(view)) == []


@STRICT
@given(
    many=st.sampled_from([0, 1, 29, 200]),
    name=TEXT,
    text=TEXT,
    may=st.booleans(),
)
def test_whatever_is_saved_slack_takes_its_list(many, name, text, may):
    one = Saved(id=1, team=name, language=name[:20], name=name, text=text, by="U0ANA", at=NOON)

    view = saved_forms.listed([one] * many, text[:75], may=may)
    assert live_markup(accepted_view(view)) == []
    usual = replace(one, team="care", name=name[:75], text=text[:3000])
    assert live_markup(accepted_view(saved_forms.write(["", "care"], usual))) == []
    assert live_markup(accepted_view(saved_forms.remove(one))) == []


def test_a_file_with_a_thousand_mistakes_is_told_within_the_limits():
    wrong = [NotPossible(f"Line {n}: " + "x" * 200) for n in range(1000)]

    accepted_view(saved_forms.wrong(wrong))


# The card


@pytest.mark.parametrize("what", ["correct", "withdraw"])
@pytest.mark.parametrize(
    ("became", "said"),
    [
        ({}, "is {ing} the answer"),
        ({"done_at": NOON + 2 * HOUR}, "{ed} by <@U0BEN>"),
        ({"refused": "Too late."}, "wanted to {verb} the answer; it stands as it was"),
    ],
)
def test_what_becomes_of_a_published_answer_is_on_its_card(what, became, said):
    wish = Amendment(key="a", reply="V1", what=what, author="U0BEN", text="", at=NOON, **became)
    words = {
        "correct": {"ing": "correcting", "ed": "corrected", "verb": "correct"},
        "withdraw": {"ing": "withdrawing", "ed": "withdrawn", "verb": "withdraw"},
    }

    message = cards.card(replace(case(STATES["answered"]), amendment=wish), NOON + 2 * HOUR)

    accepted(message)
    assert said.format(**words[what]) in message.text


def test_a_card_with_an_answer_that_waits_shows_it_with_three_buttons():
    proposed = CLAIMED.propose("U0ANA", "V1", NOON, TEAM)

    message = cards.card(case(proposed, reply=REPLY), NOON)

    accepted(message)
    assert controls(message) == ["approve", "change", "send_back", "menu"]
    assert "A new one is on its way." in message.text
    assert "an answer waits for approval" in message.text


FILES = ({"id": "F1", "name": "lid & seal.png", "type": "image/png", "size": 33_000},)


def test_who_approves_sees_who_will_read_it_and_all_that_goes_with_it():
    proposed = CLAIMED.propose("U0ANA", "V1", NOON, TEAM)
    reply = replace(REPLY, files=FILES, promised_for=TOMORROW)
    post, mail = (replace(POST, public=public) for public in (True, False))

    public = cards.card(case(proposed, reply=reply, mentions=[post]), NOON)
    private = cards.card(case(proposed, reply=REPLY, mentions=[mail]), NOON)

    assert "public: everyone can read it" in shown(public)
    assert "with it: lid &amp; seal.png (33 KB)" in shown(public)
    assert "another word is promised for <!date^" in shown(public)
    assert "private: only they read it" in shown(private)
    assert "with it" not in shown(private)
    for heard in ("public: everyone can read it", "with it: 1 attachment", "another word is"):
        assert heard in public.text
    accepted(public)


def test_who_approves_reads_all_of_it_or_is_told_where_the_rest_is():
    proposed = CLAIMED.propose("U0ANA", "V1", NOON, TEAM)
    long, longer = ("So it is. " * many for many in (300, 500))
    post = replace(POST, text="Why? " * 2000)

    whole = cards.card(case(proposed, reply=replace(REPLY, text=long), mentions=[post]), NOON)
    part = cards.card(case(proposed, reply=replace(REPLY, text=longer), mentions=[post]), NOON)

    assert long.strip() in shown(whole)
    assert "not all of it" not in shown(whole)
    assert "*This is not all of it:* press *Change…* to read the rest" in shown(part)
    accepted(whole)
    accepted(part)


@pytest.mark.parametrize("conversation", [REPLYING, ANSWERED])
def test_files_that_went_with_an_answer_are_on_its_card(conversation):
    reply = replace(REPLY if conversation is REPLYING else SENT, files=FILES * 2)

    card = cards.card(case(conversation, reply=reply), NOON)

    assert shown(card).count("lid &amp; seal.png") == 2
    assert "with it: 2 attachments" in card.text
    assert "with it" not in shown(cards.card(case(conversation), NOON))


def test_who_is_writing_is_on_the_card_for_a_while():
    drafts = [Draft(author="U0BEN", text="", at=NOON)]
    asked = replace(case(), drafts=drafts)

    assert "<@U0BEN> is writing" in cards.card(asked, NOON + timedelta(minutes=14)).text
    assert "is writing" not in cards.card(asked, NOON + timedelta(minutes=16)).text


def test_pictures_are_shown_as_the_team_wants_and_else_as_links():
    media = ("https://pbs.example/a.png", "https://pbs.example/b.mp4", "http://pbs.example/c.png")
    asked = case(mentions=[replace(POST, media=media)])

    linked = cards.card(asked, NOON)
    by_address = cards.card(replace(asked, pictures=dict.fromkeys(media, "")), NOON)
    in_slack = cards.card(replace(asked, pictures={media[0]: "F1"}), NOON)

    assert _images(linked) == []
    [image] = _images(by_address)
    assert image["image_url"] == media[0]
    assert image["alt_text"] == "Picture 1 from Mira Lindqvist (@mira)"
    assert [each["slack_file"] for each in _images(in_slack)] == [{"id": "F1"}]
    accepted(linked)
    accepted(by_address)


def _images(message):
    return [block for block in message.blocks if block["type"] == "image"]


@STRICT
@given(asked=cases_of_all_kinds(), text=TEXT, what=st.sampled_from(["correct", "withdraw"]))
def test_whatever_is_on_it_slack_takes_the_card(asked, text, what):
    wish = Amendment(
        key="a", reply="V1", what=what, author="U0BEN", text=text, at=NOON, refused=text or None
    )
    drafts = [Draft(author="U0BEN", text=text, at=NOON)] * 9
    full = replace(asked, amendment=wish, drafts=drafts)
    pictures = dict.fromkeys((url for url in full.latest.media if url), "")

    for each in (full, replace(full, pictures=pictures)):
        message = cards.card(each, NOON)
        accepted(message)
        assert live_markup({"text": message.text, "blocks": message.blocks}) == []
    told = notes.not_amended(full, wish)
    assert live_markup({"text": told.text, "blocks": []}) == []
    told = notes.sent_back("U0ANA", "U0BEN", text)
    assert live_markup({"text": told.text, "blocks": []}) == []


def test_every_form_is_drawn_in_german_too():
    with speaking("de-AT"):
        accepted_view(reply_forms.reply(sheet(sign="^AN", choosing=True, missing=("order",))))
        accepted_view(previews.preview(proof(["x"], why=Why.RULE, overt=True)))
        accepted_view(reply_forms.withdraw(case(), SENT))
        accepted_view(saved_forms.listed([], "", may=True))
        accepted_view(saved_forms.bring())
