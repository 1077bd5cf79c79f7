"""What a team has taught, in what the real triage makes of its posts."""

from collections.abc import Sequence

import pytest

from bot.domain.guess import Lane, Lesson
from bot.triage import LEXICAL, Triage
from tests.triage.posts import COMPLAINTS, EMBEDDED, FLAGGED, odds, to_us


def lesson(triage: Triage, labelled: Sequence[tuple[str, bool]]) -> Lesson:
    import numpy as np

    from bot.triage.residual import fit

    known = [triage.features(to_us(text)) for text, _ in labelled]
    embeddings = np.array([np.frombuffer(each.embedding, dtype="<f2") for each in known])
    base = np.array([each.complaint for each in known])
    labels = np.array([float(label) for _, label in labelled])
    return fit(embeddings, base, labels, np.ones(len(labelled)))


def test_what_people_say_moves_what_is_like_it_and_only_for_their_team(taught):
    jokes = [f"my acme machine is evil before {hour} o'clock, ha ha" for hour in range(4, 24)]
    labelled = [(text, False) for text in jokes] + [(text, True) for text in COMPLAINTS[:10]]
    asked, wanted = to_us("my acme machine is evil before noon, ha ha"), to_us(COMPLAINTS[0])
    before, sure = taught.guess(asked), taught.guess(wanted)

    taught.learn({"care": {"complaint": lesson(taught, labelled)}})

    assert odds(taught.guess(asked, team="care")) < odds(before) - 0.2
    assert taught.guess(asked, team="press") == taught.guess(asked) == before
    moved = odds(taught.guess(wanted, team="care")) - odds(sure)
    assert moved > odds(taught.guess(asked, team="care")) - odds(before)


def test_labels_can_raise_a_guess_as_well(taught):
    labelled = [(f"the crema of batch {number} looks like rain", True) for number in range(20)]
    asked = to_us("the crema of batch 77 looks like rain")
    before = taught.guess(asked)

    taught.learn({"care": {"complaint": lesson(taught, labelled)}})

    assert odds(taught.guess(asked, team="care")) > odds(before)


def test_no_lesson_silences_a_sure_complaint(taught):
    worst = Lesson(weights=bytes(4 * EMBEDDED), bias=-1e6)
    sure = [to_us(text) for text in COMPLAINTS if taught.guess(to_us(text)).lane is Lane.SURE]

    taught.learn({"care": {"complaint": worst}})

    assert len(sure) > len(COMPLAINTS) / 2
    assert {taught.guess(each, team="care").lane for each in sure} <= FLAGGED


def test_a_lessons_threshold_is_where_complaints_begin(taught):
    asked = to_us("the acme app and its new colours")
    likely = taught.guess(asked).complaint
    for above, flagged in ((0.02, False), (-0.02, True)):
        nothing = Lesson(weights=bytes(4 * EMBEDDED), bias=0.0, threshold=likely + above)
        taught.learn({"care": {"complaint": nothing}})

        assert (taught.guess(asked, team="care").lane in FLAGGED) is flagged


def test_the_lexical_model_does_not_begin_where_the_sentence_model_was_taught_to():
    words, asked = Triage(LEXICAL), to_us("the acme app and its new colours")
    before = words.guess(asked)

    words.learn(
        {"care": {"complaint": Lesson(weights=bytes(4 * EMBEDDED), bias=0.0, threshold=0.99)}}
    )

    assert words.guess(asked, team="care") == before


def test_features_are_what_a_layer_is_taught_by(model, lexical):
    features = model.features(to_us("My order is broken"))

    assert features is not None
    assert len(features.embedding) == 2 * EMBEDDED
    assert odds(model.guess(to_us("My order is broken"))) == pytest.approx(features.complaint)
    assert model.features(to_us("Мой заказ так и не пришёл")) is None
    assert lexical.features(to_us("My order is broken")) is None
