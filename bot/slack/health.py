"""How the bot is, in words: for App Home, for `/unanswered health`, and for whoever is told."""

import json
import re
from collections.abc import Iterable, Iterator
from datetime import datetime
from html import unescape
from itertools import accumulate

from bot.domain.account import Account
from bot.domain.health import Ailment, Ails, Health
from bot.slack.blocks import (
    FALLBACK,
    Block,
    Message,
    context,
    lasting,
    only_you,
    section,
    when_markup,
)
from bot.slack.forms import View, modal
from bot.slack.queue import within
from bot.slack.text import clip, escape, harmless, one_line
from bot.slack.tongue import _, n_
from bot.slack.words import platform
from bot.slack.written import AILING, WELL_AGAIN

MOMENT = re.compile(r"<!date\^[^|>]*\|([^>]*)>")
SIGN = re.compile(r"^:\w+: ")
TEXT = 80  # characters of a platform's name
WHY = 200  # characters of markup of a platform's trouble
LINES = 2000  # characters of them in one block
MOST = 90  # blocks of a form; Slack takes a hundred
ROOM = 8000  # of JSON for the lines of a message; Slack takes 13,200 for all its blocks together
SLOW = 1.0  # seconds that the database may take before it is worth a word


def sentence(ailment: Ailment) -> str:
    """What ails us and what to do about it."""
    about = {name: _shown(value) for name, value in ailment.about.items()}
    return _(AILING[ailment.what]).format(**about)


def well_again(what: Ails) -> str:
    return _(WELL_AGAIN[what])


def message(health: Health) -> Message:
    """All of it, for who types; as much of it as one message takes."""
    told = list(lines(health))
    spent = accumulate(len(json.dumps(each)) for each in told)
    shown = [each for each, total in zip(told, spent, strict=True) if total <= ROOM]
    more = [context(_("There is more: press *Health* on App Home."))] if shown != told else []
    blocks = [section(_head(health)), *blocks_of(shown), *more, only_you()]
    return Message("\n".join(within([_head(health), *told], FALLBACK)), blocks)


def view(health: Health) -> View:
    """The same, for who presses."""
    return modal("health", _("Health"), [section(_head(health)), *blocks_of(lines(health))[:MOST]])


def plain(told: str) -> str:
    """One of these sentences where nothing reads markup; the sign before it is left away."""
    words = SIGN.sub("", MOMENT.sub(r"\1", told))
    return unescape(words.replace("`", "").replace("*", ""))


def lines(health: Health) -> Iterator[str]:
    """What ails us first; then each platform, those that fail first; and what is well."""
    ails = {ailment.what for ailment in health.ailments}
    yield from (f":warning: {sentence(ailment)}" for ailment in health.ailments)
    for account in sorted(health.books.accounts, key=lambda it: it.failing_since is None):
        yield _account(account, health)
        if many := health.books.unreadable.get(account.name):
            yield _unreadable(account, many)
    yield from (f":white_check_mark: {each}" for each in _well(health, ails))


def blocks_of(told: Iterable[str]) -> list[Block]:
    """Lines in as few blocks as hold them."""
    blocks, text = [], ""
    for each in told:
        if text and len(text) + len(each) + 1 > LINES:
            blocks.append(context(text))
            text = ""
        text = f"{text}\n{each}" if text else each
    return [*blocks, context(text)] if text else blocks


def _head(health: Health) -> str:
    if health.well:
        return _("*All is well.*")
    many = len(health.ailments) + len(health.failing)
    told = n_("*{many} thing is not well.*", "*{many} things are not well.*", many)
    return told.format(many=many)


def _account(account: Account, health: Health) -> str:
    """How far a platform has surely been read, and why not further."""
    called = platform(account.name)
    name = escape(clip(called[:1].upper() + called[1:], TEXT))
    if account.failing_since:
        why = harmless(one_line(account.trouble or ""), WHY)
        told = _(":warning: {platform} is not read since {moment}: {why}")
        said = told.format(platform=name, moment=when_markup(account.failing_since), why=why)
        return f"{said} {_known_until(account)}".strip()
    if account.read_to is None:
        return _(":hourglass: {platform} has not been read to its end yet.").format(platform=name)
    until = when_markup(account.read_to)
    if gap := health.gap(account):
        told = _(":warning: {platform}: all of it until {moment} is here, but for a gap: {gap}")
        return told.format(platform=name, moment=until, gap=harmless(one_line(gap), WHY))
    told = _(":white_check_mark: {platform}: all of it until {moment} is here, without a gap.")
    return told.format(platform=name, moment=until)


def _known_until(account: Account) -> str:
    if account.read_to is None:
        return ""
    return _("All of it until {moment} is here.").format(moment=when_markup(account.read_to))


def _unreadable(account: Account, many: int) -> str:
    told = n_(
        ":warning: {many} item on {account} could not be read. `python -m bot outbox` shows it.",
        ":warning: {many} items on {account} could not be read. `python -m bot outbox` shows them.",
        many,
    )
    return told.format(many=many, account=escape(platform(account.name)))


def _well(health: Health, ails: set[Ails]) -> Iterator[str]:
    """What was looked at and found in order."""
    if not ails & {Ails.OUTBOX, Ails.DEAD}:
        yield _("All is delivered that is due.")
    if not ails & {Ails.NAGS, Ails.CARDS}:
        yield _called(health.books.unsaid_since, health.at)
    if health.connections and not ails & {Ails.SOCKETS, Ails.GHOSTS}:
        many = health.connections.living
        told = n_("{many} connection to Slack lives.", "{many} connections to Slack live.", many)
        yield told.format(many=many)
    if Ails.DATABASE not in ails:
        yield _database(health)
    if health.disk and Ails.DISK not in ails:
        free = health.disk.free // 1024**2
        yield _("The disk that the database lies on has {free} MB left.").format(free=free)


def _called(unsaid_since: datetime | None, now: datetime) -> str:
    if unsaid_since is None or unsaid_since > now:
        return _("Everybody is called in time.")
    span = lasting(now - unsaid_since)
    return _("Somebody is about to be called, {span} late.").format(span=span)


def _database(health: Health) -> str:
    seconds = health.books.took.total_seconds()
    many = health.books.workers
    told = n_(
        "The database answers in {span}, and {many} worker is at work.",
        "The database answers in {span}, and {many} workers are at work.",
        many,
    )
    span = f"{seconds:.1f} s" if seconds >= SLOW else f"{max(1, round(1000 * seconds))} ms"
    return told.format(span=span, many=many)


def _shown(value: object) -> object:
    return when_markup(value) if isinstance(value, datetime) else value
