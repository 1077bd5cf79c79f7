"""What teaches triage, where its libraries are (`make train` installs them)."""

from copy import deepcopy

import pytest

torch = pytest.importorskip("torch", reason="make train installs what teaches triage")
folds = pytest.importorskip("bot.triage.training.folds")
from bot.triage.training.fitting import EARLY_LAYERS, Taught, fit  # noqa: E402
from bot.triage.training.network import Network, Tokens  # noqa: E402
from bot.triage.training.seeds import seeds  # noqa: E402


@pytest.fixture(scope="module")
def taught():
    made = Taught(Network(), EARLY_LAYERS)
    fit(made, seeds()[::500], seed=1, epochs=1)
    return made


def test_what_was_taught_can_be_taught_on_without_being_changed(taught):
    batch = Tokens(20)(["My order is broken", "Do you ship to Iceland?"])
    with torch.inference_mode():
        before = taught.network(*batch)
        again = deepcopy(taught.network)(*batch)

    assert torch.equal(before, again)
    posts = [folds.Post(f"my order {number} is broken", 1.0, str(number)) for number in range(20)]
    other = folds._taught(taught.network, posts, seed=1)
    with torch.inference_mode():
        assert torch.equal(taught.network(*batch), before)
        assert (other(*batch)[:, 0] > before[:, 0]).all()


def test_each_post_is_held_out_once_and_those_that_are_alike_together():
    posts = [folds.Post(str(n), float(n % 3 == 0), str(n // 2)) for n in range(400)]

    held = list(folds._folds(posts, seed=7))

    assert sorted(at for fold in held for at in fold) == list(range(400))
    assert all(at ^ 1 in fold for fold in held for at in fold)
    assert {len(fold) for fold in held} == {40}
