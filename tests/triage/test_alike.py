"""What is said of a few posts moves those that are close to them, and no others."""

import pytest

from bot.domain.guess import Features

np = pytest.importorskip("numpy")

from bot.triage import residual  # noqa: E402
from bot.triage.alike import AGREED, Judged, Subjects, one_by_one  # noqa: E402

SIZE = 384


@pytest.fixture(scope="module")
def subjects():
    many = np.random.default_rng(1).standard_normal((2000, SIZE)).astype(np.float32)
    return Subjects.among(many / np.linalg.norm(many, axis=1, keepdims=True))


def about(seed, beside=0.0):
    """A post, and others that are about the same: the more `beside` it, the less alike."""
    post = np.random.default_rng(seed).standard_normal(SIZE)
    post += beside * np.random.default_rng(seed + 1000).standard_normal(SIZE)
    return (post / np.linalg.norm(post)).astype(np.float32)


def judged(subjects, *said):
    return Judged.by(
        subjects,
        [
            (Features(embedding=post.astype("<f2").tobytes(), complaint=0, needs_answer=0), bad)
            for post, bad in said
        ],
    )


def test_three_that_agree_move_the_next_as_far_as_one_may_be_moved(subjects):
    alike = [(about(1, beside), False) for beside in (0.1, 0.2, 0.3)]

    moved = [judged(subjects, *alike[:many]).shift(about(1)) for many in (1, 2, 3)]

    assert AGREED == 3
    assert moved == pytest.approx([-residual.FARTHEST * n / 3 for n in (1, 2, 3)], rel=0.01)
    more = judged(subjects, *alike, *alike).shift(about(1))
    assert more == pytest.approx(-residual.FARTHEST)


def test_what_is_about_something_else_is_not_moved(subjects):
    lesson = judged(subjects, *[(about(1), False)] * 100)

    assert [lesson.shift(about(seed)) for seed in range(2, 40)] == [0.0] * 38


def test_where_people_disagree_hardly_anything_is_moved(subjects):
    lesson = judged(subjects, *[(about(1), False)] * 6, *[(about(1), True)] * 4)

    assert abs(lesson.shift(about(1))) < 0.2


def test_it_raises_as_well(subjects):
    assert judged(subjects, *[(about(1), True)] * 3).shift(about(1)) > 1.9


def test_each_is_moved_by_what_was_said_before_it_and_by_the_newest_of_that(subjects):
    said = [(about(1, 0.01 * at), False) for at in range(5)] + [(about(2), False)] * 9
    some = [
        (Features(embedding=p.astype("<f2").tobytes(), complaint=0, needs_answer=0), bad)
        for p, bad in (*said, said[0])
    ]

    moved = one_by_one(subjects, some, 8)

    far = residual.FARTHEST
    assert moved[:5] == pytest.approx([0, -far / 3, -2 * far / 3, -far, -far], rel=0.01)
    assert moved[-1] == 0.0
