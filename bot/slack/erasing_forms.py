"""Whom one is about to forget, and the receipt of what was removed."""

from collections.abc import Callable, Mapping, Sequence

from bot.domain.mention import Customer
from bot.forgetting import Receipt
from bot.slack.blocks import (
    Block,
    Element,
    context,
    line,
    link,
    listing,
    mrkdwn,
    option,
    person,
    rich,
    section,
    sentence,
    when,
    when_markup,
    words,
)
from bot.slack.forms import View, asked, bare, modal
from bot.slack.tongue import _, fill, n_, number
from bot.slack.words import platform, whole_name
from storage.forgetting import Candidate

CANDIDATES = 10  # that one chooses from: radio buttons take no more
IDENTITIES = 20  # that are listed of one
NUMBERS = 50
SURE = "sure"
REMOVED: Mapping[str, Callable[[int], str]] = {
    "customers": lambda many: n_("{many:,} name", "{many:,} names", many),
    "mentions": lambda many: n_("{many:,} message of theirs", "{many:,} messages of theirs", many),
    "replies": lambda many: n_("{many:,} answer of ours", "{many:,} answers of ours", many),
    "parts": lambda many: n_("{many:,} part of an answer", "{many:,} parts of answers", many),
    "amendments": lambda many: n_("{many:,} correction", "{many:,} corrections", many),
    "drafts": lambda many: n_("{many:,} draft", "{many:,} drafts", many),
    "notes": lambda many: n_("{many:,} note", "{many:,} notes", many),
    "follow_ups": lambda many: n_("{many:,} reminder", "{many:,} reminders", many),
    "conversations": lambda many: n_("{many:,} conversation", "{many:,} conversations", many),
    "journal": lambda many: n_(
        "{many:,} entry of the journal", "{many:,} entries of the journal", many
    ),
    "verdicts": lambda many: n_("{many:,} verdict", "{many:,} verdicts", many),
    "merges": lambda many: n_("{many:,} merge", "{many:,} merges", many),
    "pictures": lambda many: n_("{many:,} picture", "{many:,} pictures", many),
    "unreadable": lambda many: n_("{many:,} unreadable item", "{many:,} unreadable items", many),
    "outbox": lambda many: n_("{many:,} delivery", "{many:,} deliveries", many),
    "saved_views": lambda many: n_("{many:,} saved view", "{many:,} saved views", many),
    "shown": lambda many: n_("{many:,} remembered message", "{many:,} remembered messages", many),
}


def forget(found: Sequence[Candidate]) -> View:
    """Who exactly, with all their names and how much there is; and whether one is sure."""
    who = [_choose(found)] if len(found) > 1 else []
    blocks = [part for each in found[:CANDIDATES] for part in _candidate(each)]
    rest = len(found) - CANDIDATES
    more = [context(_("There are more who are called so. Type the handle."))] if rest > 0 else []
    warning = _(
        "Their words go from the database, the cards, the threads and all exports to come. What"
        " is open is closed. *Nobody can undo it.*"
    )
    return modal(
        "forget",
        _("Forget a customer"),
        [*blocks, *more, section(warning), *who, _sure()],
        submit=_("Forget"),
        metadata={"customer": found[0].id},
    )


def _candidate(each: Candidate) -> list[Block]:
    some = [_identity(one) for one in each.identities[:IDENTITIES]]
    many = n_("{many:,} conversation", "{many:,} conversations", each.conversations)
    still = n_("{open:,} of them open", "{open:,} of them open", each.open)
    told = f"{fill(many, many=each.conversations)}, {fill(still, open=each.open)}"
    rest = len(each.identities) - len(some)
    told += fill(_(", and {many:,} more names"), many=rest) if rest else ""
    return [rich(listing(some)), context(told)]


def _identity(one: Customer) -> Element:
    return line(words(f"{platform(one.platform)} · "), link(one.url, whole_name(one)))


def _choose(found: Sequence[Candidate]) -> Block:
    options = [_option(each) for each in found[:CANDIDATES]]
    radio = {"type": "radio_buttons", "action_id": "who", "options": options}
    return asked("who", _("Who is meant?"), radio)


def _option(each: Candidate) -> Element:
    first = each.identities[0]
    return option(f"{platform(first.platform)} · {whole_name(first)}", str(each.id))


def _sure() -> Block:
    text = mrkdwn(_("Yes, remove all this for good"))
    box: Element = {
        "type": "checkboxes",
        "action_id": SURE,
        "options": [{"text": text, "value": SURE}],
    }
    return asked(SURE, _("Are you sure?"), box)


def receipt(given: Receipt) -> View:
    """What was removed, and what is still to come; not a word of what it was."""
    title = _("Receipt {number}").format(number=given.id)
    blocks = [_head(given), *_counted(given), *_slack(given), *_left(given)]
    again = _("`/unanswered receipt {number}` shows how it stands.").format(number=given.id)
    return modal("receipt", title, [*blocks, context(again)])


def told(given: Receipt) -> str:
    """The same in a few lines, for a direct message."""
    removed = ", ".join(_rows(given))
    lines = [
        _("*Receipt {number}*: a customer was forgotten.").format(number=given.id),
        _("Removed: {removed}.").format(removed=removed or _("nothing")),
        _progress(given),
        _("`/unanswered receipt {number}` shows how it stands.").format(number=given.id),
    ]
    return "\n".join(lines)


def _head(given: Receipt) -> Block:
    if given.by_age:
        told = _("What is older than its team keeps it was removed, {at}")
        return rich(line(*sentence(told, at=when(given.at))))
    by, at = person(given.by), when(given.at)
    return rich(line(*sentence(_("{who} had a customer forgotten, {at}"), who=by, at=at)))


def _rows(given: Receipt) -> list[str]:
    return [_row(name, many) for name, many in given.removed.items() if many]


def _row(name: str, many: int) -> str:
    counted = REMOVED.get(name)
    return fill(counted(many), many=many) if counted else f"{number(many)} {name}"


def _counted(given: Receipt) -> list[Block]:
    rows = [words(row) for row in _rows(given)]
    if not rows:
        return [section(_("Nothing was left to remove in the database."))]
    return [section(_("*Removed from the database*")), rich(listing(line(row) for row in rows))]


def _slack(given: Receipt) -> list[Block]:
    told = _("{messages}, {files} and {homes} were taken back so far.")
    messages = n_("{many} message", "{many} messages", given.messages)
    files = n_("{many} file", "{many} files", given.files)
    homes = n_("{many} App Home", "{many} App Homes", given.homes)
    counted = told.format(
        messages=messages.format(many=given.messages),
        files=files.format(many=given.files),
        homes=homes.format(many=given.homes),
    )
    return [section(_("*In Slack*")), section(counted), section(_progress(given))]


def _progress(given: Receipt) -> str:
    if given.waiting:
        return _("Something in Slack is still to be taken back, of {numbers}.").format(
            numbers=_numbers(given.waiting)
        )
    if given.done_at is None:
        return _("The database is still being cleaned. That goes on by itself.")
    return _("All of it was done by {at}.").format(at=when_markup(given.done_at))


def _numbers(numbers: Sequence[int]) -> str:
    shown = ", ".join(f"#{each}" for each in numbers[:NUMBERS])
    return shown + (" …" if len(numbers) > NUMBERS else "")


def _left(given: Receipt) -> list[Block]:
    """What colleagues have to do by hand, and what we can't reach."""
    blocks: list[Block] = []
    if given.threads:
        many = len(given.threads)
        text = n_(
            "Colleagues wrote in the thread of {many} card. Only they can take that back.",
            "Colleagues wrote in the threads of {many} cards. Only they can take that back.",
            many,
        )
        blocks.append(section(text.format(many=many)))
    if given.stuck:
        many = len(given.stuck)
        text = n_(
            "Slack does not let me take back {many} message.",
            "Slack does not let me take back {many} messages.",
            many,
        )
        blocks.append(section(text.format(many=many)))
    reached = [line(words(bare(_(each)))) for each in given.unreached]
    return [*blocks, section(_("*What I can't reach*")), rich(listing(reached))]
