"""What a guess says by itself."""

from dataclasses import replace

import pytest

from bot.domain.guess import Guess, Lane, Manner, gravest
from bot.domain.mention import Kind

PRAISE = Guess(kind=Kind.PRAISE, lane=Lane.REST, because="“love”", needs_answer=0.2)


def test_the_gravest_of_several_is_the_one_with_most_at_stake():
    assert gravest("angry", "safety", "leaving") == "safety"
    assert gravest("annoyed", "", "angry") == "angry"
    assert gravest("", "") == ""


@pytest.mark.parametrize(
    ("guess", "aside"),
    [
        (PRAISE, "plain"),
        (replace(PRAISE, kind=Kind.OTHER, manner=Manner.PROMOTION), "promotion"),
        (replace(PRAISE, needs_answer=0.5), ""),
        (replace(PRAISE, needs_answer=None), ""),
        (replace(PRAISE, lane=Lane.QUESTION), ""),
        (replace(PRAISE, lane=Lane.QUESTION, needs_answer=0.9, manner=Manner.COPIED), "copied"),
        (replace(PRAISE, needs_answer=None, manner=Manner.AUTOMATED), "automated"),
        (replace(PRAISE, kind=Kind.COMPLAINT, manner=Manner.COPIED), ""),
        (replace(PRAISE, kind=Kind.COMPLAINT), ""),
    ],
)
def test_what_needs_no_answer_is_put_aside_and_no_complaint_ever(guess, aside):
    assert guess.aside == aside


def test_a_language_that_was_not_taught_is_one_that_nothing_could_be_told_about():
    polish = replace(PRAISE, kind=Kind.COMPLAINT, language="pl", because="a language")

    assert polish.untaught
    assert not replace(polish, complaint=0.4).untaught
    assert not replace(polish, language=None).untaught
    assert not replace(polish, because="“gas leak”").untaught, "a keyword needs no language"
