"""What may take longer than a form waits: it says so, and shows what became of it later."""

import time
from collections.abc import Callable
from concurrent.futures import TimeoutError as NotYet
from contextvars import copy_context

import structlog

from bot.domain.problems import NotPossible
from bot.slack import filled, forms
from bot.slack.blocks import Block, section
from bot.slack.counter import CLOSE, DONE, Ack, Visit, instead
from bot.slack.forms import View
from bot.slack.later import WORKING, later
from bot.slack.tongue import _, told

log = structlog.get_logger()

AFTER_THE_ACK = 0.5  # seconds in which Slack may still put what an ack says over what comes then
SOON = 1.8  # seconds that a form waits; Slack gives it three


def soon(visit: Visit, form: View, act: Callable[[], View]) -> Ack:
    """What `act` makes takes the form's place, now or when it is done."""
    working = WORKING.submit(copy_context().run, _whatever_happens, act)
    try:
        return instead(working.result(SOON))
    except NotYet:
        told = _("It takes a moment. What became of it comes here.")
        return eventually(visit, form, done(_("Working"), told), working.result)


def eventually(visit: Visit, form: View, meanwhile: View, act: Callable[[], View]) -> Ack:
    """What surely takes longer than a form waits: `meanwhile` stands there until it is done."""
    later(lambda: _show(visit, form, _whatever_happens(act)))
    return instead(meanwhile)


def _show(visit: Visit, form: View, view: View) -> None:
    """Not before Slack has put up what stands there meanwhile: that would cover it."""
    time.sleep(AFTER_THE_ACK)
    visit.update(view, str(form["id"]))


def back(visit: Visit, form: View, draw: Callable[[], View]) -> Ack:
    """It closes, and the customer's form that it was opened on is drawn anew; others close, too."""
    below = str(form.get("previous_view_id") or "")
    if not below or filled.opened_at(form).get("under") != "customer":
        return DONE
    visit.update(draw(), below)
    return CLOSE


def done(title: str, sentence: str, *more: Block) -> View:
    """Says in a form's place what was done, where nothing else shows it."""
    return forms.modal("done", title, [section(sentence), *more])


def _whatever_happens(act: Callable[[], View]) -> View:
    """Nobody else would tell them."""
    try:
        return act()
    except NotPossible as problem:
        return forms.too_late(told(problem))
    except Exception:
        log.exception("form.failed")
        sentence = _("Something went wrong on my side. The log says what; then try it again.")
        return forms.too_late(sentence)
