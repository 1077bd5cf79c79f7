"""What a platform holds is what we hold, in whatever order it shows it and wherever we stop.

People and crashes at random, driven by Hypothesis, against each platform's stand-in: posts that
come together or late, edits and deletions between two pages, pages whose writing down was lost.
"""

import sys
from contextlib import ExitStack
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    precondition,
    rule,
    run_state_machine_as_test,
)

from adapters import Rechecks
from bot.domain.mention import Origin
from tests.adapters.places import HEARD_ONLY, PLACES
from tests.adapters.test_contract import says

A_PAGE = 10  # of most platforms here, so that there are many borders
PAGES = dict.fromkeys(("mastodon", "wordpress", "wordpress, the real one"), 40)  # overlaps: 20
ALL = {**PLACES, **HEARD_ONLY}
QUICK = settings(
    max_examples=12,
    stateful_step_count=25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    print_blob=True,
)
SLOW = {"email": 3, "wordpress, the real one": 2, "Bluesky's own servers": 1}  # examples
LATE = 5  # minutes by which a post is shown late: every overlap is longer
SETTLED = timedelta(hours=2)  # after which nothing is late any more


class Walk(RuleBasedStateMachine):
    """`said` is what each post says now, `known` is what we have of it; `gone` are the deleted."""

    place_name, page = "", A_PAGE

    def __init__(self):
        super().__init__()
        self.stack = ExitStack()
        self.place = self.stack.enter_context(ALL[self.place_name]())
        self.adapter = self.place.adapter
        self.cursor, self.number = None, 0
        self.said, self.known, self.gone = {}, {}, set()
        self.fetch()

    def teardown(self):
        try:
            self.read_to_the_end()
        finally:
            self.stack.close()

    def words(self):
        self.number += 1
        return f"Message {self.number} of this run"

    def keep(self, batch):
        for mention in batch.mentions:
            if mention.origin is Origin.CUSTOMER:
                self.known[mention.key] = mention

    @rule(pages=st.sampled_from([0, 0.5, 1, 2]), more=st.integers(1, 3))
    def post(self, pages, more):
        """So many at the same moment."""
        for _ in range(int(pages * self.page) + more):
            words = self.words()
            self.said[self.place.post(words)] = words

    @rule()
    def post_late(self):
        """Written now, shown later."""
        words = self.words()
        late = getattr(self.place, "post_late", None)
        key = late(words, minutes=LATE) if late else self.place.post(words)
        self.said[key] = words

    @rule(minutes=st.sampled_from([0.2, 1, 7, 50]))
    def wait(self, minutes):
        self.place.pass_(minutes)

    @rule()
    def fetch(self):
        batch = self.adapter.fetch(self.cursor)
        self.keep(batch)
        self.cursor = batch.cursor

    @rule()
    def crash(self):
        """A page is read, and we die before it is written down."""
        self.adapter.fetch(self.cursor)
        self.adapter = self.place.restarted()

    @rule()
    def restart(self):
        self.adapter = self.place.restarted()

    @precondition(lambda self: self.place.can_edit and self.standing)
    @rule(data=st.data())
    def edit(self, data):
        key = data.draw(st.sampled_from(self.standing))
        self.said[key] = self.words()
        self.place.edit(key, self.said[key])

    @precondition(lambda self: self.place.can_delete and self.standing)
    @rule(data=st.data())
    def delete(self, data):
        key = data.draw(st.sampled_from(self.standing))
        self.place.delete(key)
        self.gone.add(key)

    @property
    def standing(self):
        return [key for key in self.said if key not in self.gone]

    def read_to_the_end(self):
        self.place.pass_(LATE + 1)
        self.read()
        self.place.pass_(SETTLED.total_seconds() / 60)
        self.read()
        known = {key: mention for key, mention in self.known.items() if key in self.said}
        self.recheck(known)

        lost = [key for key in self.standing if key not in known]
        assert lost == []
        stale = [key for key in self.standing if not says(known[key], self.said[key])]
        assert stale == []
        assert self.known.keys() == known.keys()

    def read(self):
        """All that waits; a hundred pages are a loop."""
        for _ in range(100):
            batch = self.adapter.fetch(self.cursor)
            self.keep(batch)
            self.cursor = batch.cursor
            if not batch.more:
                return
        raise AssertionError("There is always another page.")

    def recheck(self, known):
        """Where edits are found by asking, as the intake asks about what still waits."""
        if not isinstance(self.adapter, Rechecks):
            return
        keys = list(known)
        for begin in range(0, len(keys), 100):
            for change in self.adapter.recheck(keys[begin : begin + 100]):
                if not isinstance(change, str):
                    known[change.key] = change


@pytest.mark.parametrize("name", ALL)
def test_what_the_platform_holds_is_what_we_hold(name, monkeypatch):
    with ALL[name]():
        pass  # imports its adapter
    for module in [*sys.modules.values()]:
        called = getattr(module, "__name__", "")
        if called.startswith("adapters.") and isinstance(getattr(module, "PAGE", None), int):
            monkeypatch.setattr(module, "PAGE", PAGES.get(name, A_PAGE))

    machine = type("Walk", (Walk,), {"place_name": name, "page": PAGES.get(name, A_PAGE)})
    few = settings(QUICK, max_examples=SLOW.get(name, QUICK.max_examples))
    run_state_machine_as_test(machine, settings=few)
