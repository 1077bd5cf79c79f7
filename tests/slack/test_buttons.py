"""What a card offers: two or three buttons, and everything else in one menu."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot import desk
from bot.slack import buttons
from bot.slack.buttons import deeds, others
from bot.slack.cards import card
from bot.slack.handling_forms import more
from tests.conftest import NOON
from tests.slack.cases import (
    ANSWERED,
    DISMISSED,
    POST,
    STATES,
    THANKS,
    WAITING,
    WITHDRAWN,
    accepted_view,
    case,
    controls,
    options,
)

MERGED = WAITING.merge_into(41, "U0BEN", NOON)


def verbs(conversation, now=NOON, **more):
    return [each.verb for each in deeds(replace(case(conversation), **more), now)]


@pytest.mark.parametrize("state", [*STATES.values(), MERGED])
def test_a_card_has_three_buttons_at_most_and_one_menu_of_five(state):
    drawn = card(case(state), NOON)

    pressed = [each for each in controls(drawn) if each != "menu"]
    assert len(pressed) <= 3
    assert controls(drawn).count("menu") <= 1
    assert len(options(drawn)) <= 5


@pytest.mark.parametrize("state", [*STATES.values(), MERGED])
def test_everything_is_in_the_menu_or_behind_more(state):
    known = case(state)
    drawn = card(known, NOON)
    behind = [each.verb for each in others(known, NOON)]

    if options(drawn):
        assert [*options(drawn)[:-1], *behind] == [each.verb for each in deeds(known, NOON)]
        assert options(drawn)[-1] == "more"


def test_every_way_behind_more_is_told_apart_by_ear():
    view = more(case(), [*others(case(), NOON), buttons.MOVE])

    rows = [block["accessory"] for block in accepted_view(view)["blocks"] if "accessory" in block]
    heard = [row["accessibility_label"] for row in rows]
    assert len(rows) > 4
    assert len(set(heard)) == len(heard)
    assert all(len(each) > len(row["text"]["text"]) for each, row in zip(heard, rows, strict=True))


def test_a_dismissal_can_be_undone_for_a_day():
    day = timedelta(hours=24)

    assert "undo" in verbs(DISMISSED, NOON + day)
    assert "undo" not in verbs(DISMISSED, NOON + day + timedelta(seconds=1))
    assert "undo" not in verbs(WITHDRAWN)
    assert desk.UNDO == buttons.UNDO


def test_what_was_merged_offers_to_undo_that_first():
    assert verbs(MERGED)[0] == "undo"
    assert "merge" not in verbs(MERGED)


def test_what_is_published_is_corrected_where_the_platform_lets_us():
    assert "correct" not in verbs(ANSWERED)
    assert verbs(ANSWERED, can=frozenset({"correct", "withdraw"}))[2:4] == ["correct", "withdraw"]


def test_what_is_a_button_already_is_not_offered_again():
    no_reply = replace(POST, no_reply="Mira takes answers from friends only.")

    assert "there" in verbs(WAITING)
    assert "there" not in verbs(WAITING, mentions=[no_reply])
    assert "needless" in verbs(WAITING)
    assert "needless" not in verbs(THANKS)


def test_of_what_was_merged_one_says_nothing_about_its_kind():
    view = more(case(MERGED), others(case(MERGED), NOON))

    assert "kind" not in [block.get("block_id") for block in view["blocks"]]
    assert accepted_view(view)
    assert "submit" not in view


def test_urgency_is_asked_only_while_it_is_open():
    for conversation, wanted in ((WAITING, True), (ANSWERED, False)):
        view = more(case(conversation), [])
        asked = [block.get("block_id") for block in view["blocks"]]
        assert ("urgency" in asked) is wanted
