"""A workspace whose clock stands still, and the real SDK in front of it."""

import pytest
from slack_bolt import App

from bot.playground.limits import Limits
from bot.playground.workspace import Workspace
from tests.fake_slack import AtOnce, FakeSlack

START = 1_700_000_000.0


class Clock:
    def __init__(self):
        self.at = START

    def __call__(self):
        return self.at


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def workspace(clock):
    return Workspace.demo(clock, limits=Limits(on=False))


@pytest.fixture
def slack(workspace):
    return FakeSlack(workspace)


@pytest.fixture
def bolt(slack):
    return App(client=slack, listener_executor=AtOnce())
