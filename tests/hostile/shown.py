"""All that a stranger's words become: drawn as the bot draws them, and looked at."""

import csv
from dataclasses import replace
from io import StringIO

from bot.domain.mention import Mention
from bot.domain.problems import NotPossible
from bot.domain.warnings import warnings
from bot.playground import blockkit
from bot.playground.pings import pings
from bot.roads import alert
from bot.slack import cards, digests, exports, lists, notes, queue
from bot.slack.blocks import Message
from bot.slack.forms import View
from bot.slack.queue import Links, Listing
from bot.slack.tongue import speaking, told
from bot.triage import LEXICAL, Triage
from storage.conversations import Waiting
from storage.search import Totals
from tests.conftest import CARE, NOON
from tests.slack.cases import HOUR, WAITING, case
from tests.slack.hostile import ALSO_OURS, ANYBODY, live_markup

LINKS = Links("https://acme.slack.com/")
PLAIN_LINE = ("\n", "\r", "\u2028", "\x1b")
MOST = 400_000  # characters of what we keep of a mention

TRIAGE = Triage(LEXICAL)


def good(shown: Message | View) -> None:
    """What Slack takes, without a stranger's markup: as `must_be_good`, without a workspace."""
    if isinstance(shown, dict):
        message = {"text": "", "blocks": shown["blocks"]}
        assert blockkit.view_problems(shown, shown["type"]) == []
    else:
        message = {"text": shown.text, "blocks": list(shown.blocks or [])}
        assert not shown.blocks or blockkit.message_problems(message["blocks"]) == []
        assert 0 < len(shown.text) <= 4000
    assert [each for each in live_markup(message) if each not in ALSO_OURS] == []
    assert set(pings(message)) <= ANYBODY


def mention_shown(mention: Mention) -> None:
    """A mention as it is stored, guessed, and shown wherever its words can stand."""
    kept = replace(mention.storable(), id=7)
    assert len(kept.text) + len(kept.subject) < MOST
    guessed = TRIAGE.guess(kept)
    assert guessed.because
    assert not TRIAGE.trouble
    known = case(replace(WAITING, because=guessed.because), mentions=[kept])
    known = replace(known, guess=guessed)
    known = replace(known, customer=kept.customer)
    waiting = [Waiting(conversation=WAITING, customer=kept.customer, words=kept.text)]
    for message in (
        cards.card(known, NOON),
        digests.digest(waiting),
        lists.opening(CARE, waiting, waiting, ["<@U0ANA>"], NOON + HOUR, LINKS),
        notes.nag(known, "U0ANA", NOON),
        notes.wrote_again(kept),
    ):
        good(message)
    assert len(warnings(kept.text, public=True)) <= 20
    _one_line_each(waiting)


def _one_line_each(waiting: list[Waiting]) -> None:
    """In a call by mail nobody can write a line of their own, not to speak of a header."""
    subject, text = alert(CARE, waiting, NOON, slack_is_silent=False, links=LINKS)
    assert not any(each in subject for each in PLAIN_LINE)
    assert len(text.splitlines()) == len(waiting) + 3


def listed(title: str, query: str) -> None:
    """A list under a title that repeats what somebody asked for."""
    listing = Listing(
        title=title, query=query, found=(), totals=Totals(waiting=0, late=0, claimed=0)
    )
    good(queue.queue(listing, NOON, LINKS))


def refused(problem: NotPossible) -> None:
    """Why not, in both languages: a sentence without a stranger's markup."""
    for language in ("en", "de"):
        with speaking(language):
            sentence(told(problem))


def sentence(text: str) -> None:
    assert text.strip()
    assert len(text) < 4000
    assert live_markup({"text": text, "blocks": []}) == []
    good(Message(text, [queue.section(text)]))


def rows(written: bytes, columns: int) -> None:
    """A spreadsheet opens it with as many columns, and runs nothing of it."""
    text = written.decode("utf-8").removeprefix(exports.MARK)
    for cells in csv.reader(StringIO(text, newline=""), strict=True):
        assert len(cells) == columns
        assert not [c for c in cells if c.lstrip().startswith(exports.FORMULA)], cells
