"""A few hundred webhooks at each change; `make fuzz-web` brings ten thousand."""

import sys

import pytest

from tests.hostile import web

MEGABYTES = 30_000_000  # bytes that the door may grow by: one webhook is at most two million


@pytest.mark.skipif(sys.platform != "linux", reason="memory is read from /proc")
def test_whatever_is_brought_nothing_breaks_and_nothing_is_lost():
    figures = web.run(300)

    assert figures.payloads >= 300, str(figures)
    assert figures.statuses[200] > 100
    assert (figures.crashes, figures.lost, figures.errors) == ([], [], 0), str(figures)
    assert figures.mentions > 20
    assert figures.grown is not None
    assert figures.grown < MEGABYTES


def test_what_is_lost_is_seen(monkeypatch):
    keep = web.Street.__exit__

    def forgets(street, *more):
        keep(street, *more)
        street.kept["webhook", "msg_that_nobody_kept"] = b"{}"

    monkeypatch.setattr(web.Street, "__exit__", forgets)
    monkeypatch.setattr(web.Fuzz, "all", lambda fuzz: fuzz._spoiled(20))

    assert any("msg_that_nobody_kept" in each for each in web.run(20).lost)
