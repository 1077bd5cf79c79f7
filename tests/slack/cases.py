"""Cases to draw, and what can be read off what was drawn."""

from dataclasses import replace
from datetime import timedelta

from bot.domain.case import Case, Past
from bot.domain.conversation import Conversation, State
from bot.domain.guess import Lane, Manner, Severity
from bot.domain.mention import Customer, Kind, Mention
from bot.domain.reply import Reply
from bot.playground import blockkit
from bot.playground.workspace import Workspace
from tests.conftest import CARE, NOON

HOUR = timedelta(hours=1)
MIRA = Customer(
    platform="twitter",
    key="1",
    handle="@mira",
    name="Mira Lindqvist",
    url="https://x.com/mira",
    followers=1204,
)
POST = Mention(
    account="twitter",
    key="m1",
    thread="m1",
    customer=MIRA,
    text="My order is broken",
    posted_at=NOON,
    url="https://x.com/mira/status/1",
    id=7,
)
LEASED = replace(CARE, claim_lease=2 * HOUR)
LOOPED = replace(CARE, keep_in_the_loop={Kind.COMPLAINT: 24 * HOUR})
ANSWERED_AT = NOON + timedelta(minutes=12)
TOMORROW = NOON + timedelta(days=1)
WAITING = Conversation(
    account="twitter",
    thread="m1",
    customer=1,
    team="care",
    kind=Kind.COMPLAINT,
    because="“broken”",
    waiting_since=NOON,
    channel="C0CARE",
    card="1.000001",
    id=42,
).wind(CARE)
CLAIMED = WAITING.claim("U0ANA", NOON, CARE)
HELD = WAITING.claim("U0ANA", NOON, LEASED)
REPLYING = WAITING.reply("U0ANA", NOON, CARE)
ANSWERED = REPLYING.sent(ANSWERED_AT, CARE)
DISMISSED = WAITING.dismiss("U0BEN", "Spam", NOON)
WITHDRAWN = WAITING.withdrawn("The customer deleted it.", NOON)
THERE = WAITING.answered_there(NOON + timedelta(minutes=5), None, CARE)
SAID_SO = WAITING.answered_there(NOON + timedelta(minutes=5), "U0BEN", CARE)
UNSURE = REPLYING.in_doubt("V1", NOON, CARE)
SNOOZED = WAITING.snooze(TOMORROW, "U0BEN", "Waiting for the parcel", NOON, CARE)
ASLEEP = WAITING.snooze_until_they_write(TOMORROW, "U0BEN", "Asked for a photo", NOON, CARE)
PROMISED = REPLYING.sent(ANSWERED_AT, CARE, promised_for=TOMORROW)
IN_THE_LOOP = REPLYING.sent(ANSWERED_AT, LOOPED)
THERE_IN_THE_LOOP = WAITING.answered_there(NOON + timedelta(minutes=5), "U0BEN", LOOPED)
SETTLED = PROMISED.settle("U0BEN", NOON + HOUR)
THANKS = ANSWERED.hear(NOON + HOUR, CARE, Kind.PRAISE, "“thanks”", thanks=True)
THANKS_AND_PROMISED = PROMISED.hear(NOON + HOUR, CARE, Kind.PRAISE, "“thanks”", thanks=True)
WROTE_AGAIN = PROMISED.hear(NOON + HOUR, CARE, Kind.COMPLAINT, "“still”")
UNCHECKED = replace(WAITING, lane=Lane.CHECK, severity=Severity.SAFETY)
ASIDE = replace(WAITING, kind=Kind.PRAISE, lane=Lane.REST, aside=Manner.PLAIN, card=None)
STATES = {
    "waiting": WAITING,
    "to be checked": UNCHECKED,
    "put aside": ASIDE,
    "claimed": CLAIMED,
    "held": HELD,
    "replying": REPLYING,
    "answered": ANSWERED,
    "dismissed": DISMISSED,
    "withdrawn": WITHDRAWN,
    "answered there": THERE,
    "answered there, says somebody": SAID_SO,
    "unsure": UNSURE,
    "snoozed": SNOOZED,
    "until they write": ASLEEP,
    "promised": PROMISED,
    "in the loop": IN_THE_LOOP,
    "answered there, in the loop": THERE_IN_THE_LOOP,
    "settled": SETTLED,
    "thanks": THANKS,
    "thanks, and promised": THANKS_AND_PROMISED,
    "wrote again": WROTE_AGAIN,
    "nothing promised": replace(WAITING, due_at=None),
}
REPLY = Reply(
    key="V1",
    conversation=42,
    mention=7,
    author="U0ANA",
    text="A new one is on its way.",
    written_at=ANSWERED_AT - timedelta(minutes=1),
)
SENT = replace(REPLY, sent_at=ANSWERED_AT, url="https://x.com/acme/status/2")


def case(
    conversation=WAITING, *, mentions=(POST,), customer=MIRA, reply=None, past=None, guess=None
):
    """A case with the reply that its state wants."""
    if reply is None and conversation.state is State.REPLYING:
        reply = REPLY
    if reply is None and conversation.answered_at == ANSWERED_AT:
        reply = SENT
    return Case(
        conversation=conversation,
        customer=customer,
        mentions=mentions,
        reply=reply,
        past=past or Past(),
        guess=guess,
    )


def shown(message):
    """All that a sighted person reads of a message or a view, as one text."""
    blocks = message["blocks"] if isinstance(message, dict) else message.blocks
    return " ".join(_texts(blocks or []))


def _texts(part):
    if isinstance(part, list | tuple):
        for one in part:
            yield from _texts(one)
    elif isinstance(part, dict):
        for name, value in part.items():
            if name in ("text", "fallback") and isinstance(value, str):
                yield value
            elif name in ("user_id", "usergroup_id"):
                yield f"<@{value}>"
            else:
                yield from _texts(value)


def controls(message):
    """The action ids of all that can be pressed, and the menu's verbs."""
    blocks = message["blocks"] if isinstance(message, dict) else message.blocks
    return [control["action_id"] for control in blockkit.controls(list(blocks or []))]


def options(message):
    """What the menu of a card offers."""
    menus = [c for c in blockkit.controls(list(message.blocks)) if c["type"] == "overflow"]
    return [option["value"].partition(" ")[0] for menu in menus for option in menu["options"]]


def accepted(message):
    """Slack takes it, and a screen reader gets one message of it."""
    workspace = Workspace.demo()
    given = {"channel": "C0CARE", "text": message.text, "blocks": list(message.blocks or [])}
    answer = workspace.call("chat.postMessage", {k: v for k, v in given.items() if v})
    assert answer.body["ok"], answer.body
    assert 0 < len(message.text) <= 4000
    return answer.body["message"]


def accepted_view(view, kind="modal"):
    """Slack opens it."""
    assert blockkit.view_problems(view, kind) == []
    assert len(str(view).encode()) < 250_000
    return {"text": "", "blocks": view["blocks"]}
