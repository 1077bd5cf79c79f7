"""The real triage, with each of its models; its weights are read once."""

import pytest

from bot.triage import LEXICAL, Triage


@pytest.fixture(scope="package")
def model() -> Triage:
    return Triage()


@pytest.fixture(scope="package")
def lexical() -> Triage:
    return Triage(LEXICAL)


@pytest.fixture
def taught(model: Triage) -> Triage:
    """The same mind, and lessons of its own."""
    triage = Triage()
    triage.mind = model.mind
    return triage
