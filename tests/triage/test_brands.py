"""What a hundred judgements teach about one brand, and what a hundred wrong ones do.

`brands` holds what people post about four that we made up, each with its team's verdict: `+` is a
complaint. Their usual talk sounds worse than it is meant: monsters that are hated, burst pipes,
lost matches, bad news. Whoever wrote it had not seen what triage makes of it.
"""

import random
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import pytest

np = pytest.importorskip("numpy")

from bot.domain.guess import Features  # noqa: E402
from bot.triage import Triage  # noqa: E402
from bot.triage.alike import Judged  # noqa: E402
from bot.triage.report import Scored  # noqa: E402
from bot.triage.residual import Examples, judge, score  # noqa: E402
from tests.things import mention  # noqa: E402

BRANDS = Path(__file__).parent / "brands"
BETTER = {"news": 0.05, "game": 0.05, "club": 0.02, "insurer": 0.015}  # of AUC, at least
JUDGED, ORDERS = 100, 10


class Post(NamedTuple):
    text: str
    complains: bool
    features: Features


@pytest.fixture(scope="module", params=BETTER)
def posts(request, model: Triage) -> tuple[str, Sequence[Post]]:
    lines = (BRANDS / f"{request.param}.txt").read_text(encoding="utf-8").splitlines()
    read = [(line[2:], line[0] == "+", model.features(mention(line[2:]))) for line in lines]
    return request.param, [Post(*each) for each in read if each[2]]


def orders(posts: Sequence[Post]) -> Sequence[Sequence[Post]]:
    return [random.Random(seed).sample(posts, len(posts)) for seed in range(ORDERS)]


def gain(model: Triage, in_order: Sequence[Post], said: Sequence[bool]) -> float:
    """How much better what follows is told apart than without what was said of the first ones."""
    first, later = in_order[: len(said)], in_order[len(said) :]
    pairs = [(post.features, label) for post, label in zip(first, said, strict=True)]
    judged = Judged.by(model.mind.subjects, pairs)
    alike = np.array([judged.shift(embedding(post).astype("<f4")) for post in later])
    lesson = judge(examples(first, said), None).lesson
    labels = [post.complains for post in later]
    on = examples(later, labels)
    before = Scored(on.base.tolist(), labels)
    after = Scored(score(lesson, on.embeddings, on.base, alike).tolist(), labels)
    return after.auc - before.auc


def examples(posts: Sequence[Post], said: Sequence[bool]) -> Examples:
    return Examples(
        np.array([embedding(post) for post in posts], dtype=np.float64),
        np.array([post.features.complaint for post in posts]),
        np.array(said, dtype=np.float64),
        np.ones(len(posts)),
    )


def embedding(post: Post):
    return np.frombuffer(post.features.embedding, dtype="<f2")


def test_a_hundred_judgements_of_one_brand_tell_better_what_follows(model, posts):
    brand, some = posts

    gains = [gain(model, each, [post.complains for post in each[:JUDGED]]) for each in orders(some)]

    print(f"\n{brand}: {sum(gains) / len(gains):+.3f}, from {min(gains):+.3f} to {max(gains):+.3f}")
    assert sum(gains) / len(gains) >= BETTER[brand]
    assert min(gains) > -0.01


def test_a_hundred_wrong_ones_do_little_harm(model, posts):
    _, some = posts
    shuffled, turned = [], []
    for seed, each in enumerate(orders(some)):
        said = [post.complains for post in each[:JUDGED]]
        turned.append(gain(model, each, [not complains for complains in said]))
        shuffled.append(gain(model, each, random.Random(seed).sample(said, len(said))))

    print(f"\nturned round: {min(turned):+.3f} at worst, shuffled: {min(shuffled):+.3f}")
    assert min(turned) >= -0.05
    assert min(shuffled) >= -0.05
