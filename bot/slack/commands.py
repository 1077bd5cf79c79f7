"""`/unanswered`: what somebody typed, and what to answer."""

import re
from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

from bot.desk import Desk
from bot.domain.mention import storable
from bot.domain.problems import NoSuchConversation
from bot.slack.blocks import Message, only_you, section
from bot.slack.cards import card
from bot.slack.counter import Counter, Visit
from bot.slack.forms import View
from bot.slack.questions import Unknown
from bot.slack.tongue import N_, _

DEED = re.compile(
    r"(?:(?P<verb>[a-zäöüß][a-zäöüß'_ ]*?)\s+)?#?(?P<number>[0-9]+)(?:[\s:]+(?P<rest>.*))?",
    re.S | re.I,
)
SPECIAL = re.compile(r"<(?:[@#!][^|>]*\|(?P<name>[^>]+)|(?P<address>https?:[^|>]+)(?:\|[^>]*)?)>")
ENTITIES = {"&lt;": "<", "&gt;": ">", "&amp;": "&"}
DIGITS = 18  # of a number that a database can look for

HELP = (  # each is a block of its own, and fits a phone
    N_("""*What waits*
`/unanswered` in this channel's team, most urgent first
`/unanswered overdue` · `mine` · `@someone` · `{platforms}` · `all teams`; the words combine, and \
`filters` tells the rest
`/unanswered 42` shows number 42, with its buttons
`/unanswered bulk overdue` selects several, with one reason for all
`/unanswered overview` · `save Monday: overdue` · `views` · `export overdue`"""),
    N_("""*Answer* (the number is on the card)
`/unanswered reply 42` · `answered 42` if you answered on the platform itself
`/unanswered holding 42` with your approved words that promise more
`/unanswered approve 42` · `change 42` · `send back 42` what waits for a second person
`/unanswered correct 42` · `withdraw 42` what is published
`/unanswered published 42` · `send again 42` when an answer may have been published or not"""),
    N_("""*Decide*
`/unanswered no answer needed 42` · `dismiss 42 spam` with your reason · `undo 42`
`/unanswered settled 42` when it is answered and nothing more is owed
`/unanswered snooze 42 fri 12:00 waiting for the parcel` pauses its clock
`/unanswered snooze 42 until they write asked for a photo` · `wake 42`
`/unanswered complaint 42` · `not a complaint 42` · `praise 42` · `urgent 42` · `not urgent 42`
`/unanswered merge 42 into 41` · `unmerge 42`
`/unanswered more 42` has all of it with buttons"""),
    N_("""*Hand on*
`/unanswered claim 42` · `take over 42` · `release 42` · `assign 42 @someone`
`/unanswered escalate 42 @someone because the press called` · `move 42` to another team"""),
    N_("""*The customer*
`/unanswered customer 42` · `history 42` with all that was ever said
`/unanswered note 42 calls on Mondays` · `tag 42 VIP` · `untag 42 VIP`
`/unanswered follow up 42 in a week does it work?` reminds you
`/unanswered log` what came by phone or at the counter · `case` and a message's link
`/unanswered forget @someone` removes all of a person's words · `receipt 7`"""),
    N_("""*How it came about*
`/unanswered why 42` tells how its deadline came about · `why a complaint 42` why it counts as one
`/unanswered audit 42` tells who did what when
`/unanswered what-if` tells the last thirty days under other hours, targets and rungs
`/unanswered health` tells how the bot is, and how far each platform is read
`/unanswered triage` tells what your decisions have taught it, takes it back, sets it up
`/unanswered setup` · `team` · `replies` · `signature` set things up"""),
)


class Opening(NamedTuple):
    """A form to be drawn, and what is done once it is open."""

    draw: Callable[[], View]
    then: Callable[[], None] = lambda: None


Answer = Message | Opening  # something to read, or a form to fill in


class Commands:
    """Reads the words after `/unanswered` and asks the room that answers to them."""

    def __init__(self, desk: Desk, counter: Counter) -> None:
        self.desk, self.counter = desk, counter

    def answer(self, text: str, visit: Visit) -> Answer:
        """Do or look up what was typed; NotPossible says why not."""
        wanted = typed(text)
        if wanted.lower() in ("help", "?", "hilfe"):
            return self.help()
        if deed := DEED.fullmatch(wanted):
            return self._do(deed, visit)
        return self._ask(wanted, visit)

    def help(self) -> Message:
        names = "` · `".join(sorted({name.partition(":")[0] for name in self.desk.adapters}))
        parts = [_(each).format(platforms=names) for each in HELP]
        blocks = [section(each) for each in parts]
        return Message("\n".join(parts), [*blocks, only_you()])

    def _do(self, deed: re.Match[str], visit: Visit) -> Answer:
        verb, number = " ".join((deed["verb"] or "").lower().split()), _number(deed)
        if not verb:
            return card(self.desk.look(number), self.desk.now())
        rest = plain(deed["rest"] or "")
        visit = replace(visit, value=f"{verb} {number}", rest=rest)
        form, act = self.counter.forms.get(verb), self.counter.typed.get(verb)
        if form and (not act or not rest.strip()):
            then = self.counter.opened.get(verb)
            return Opening(lambda: form(visit, number), lambda: then(visit) if then else None)
        if act is None:
            raise Unknown(verb)
        done = act(visit, number, rest)
        return Message(done, [section(done)])

    def _ask(self, wanted: str, visit: Visit) -> Answer:
        """By the longest beginning that a room answers to; otherwise it is a list."""
        words = wanted.split(" ")
        for length in range(len(words), 0, -1):
            head = " ".join(words[:length]).lower().rstrip(":")
            if act := self.counter.asked.get(head):
                rest = " ".join(words[length:])
                return _answer(act(replace(visit, value=head, rest=rest), rest))
        listed = self.counter.asked[""](visit, wanted)
        assert isinstance(listed, Message), "a list is a message"
        return listed


def _answer(found: Message | View) -> Answer:
    return found if isinstance(found, Message) else Opening(lambda: found)


def typed(text: str) -> str:
    """On one line, and with nothing in it that no database keeps."""
    return " ".join(storable(text).split())


def plain(text: str) -> str:
    """As it was typed: Slack escapes what people type after a command."""
    named = SPECIAL.sub(lambda at: at["address"] or f"@{at['name']}", text)
    return re.sub("&(?:lt|gt|amp);", lambda at: ENTITIES[at[0]], named)


def _number(deed: re.Match[str]) -> int:
    number = deed["number"]
    if len(number) > DIGITS:
        raise NoSuchConversation(f"{number[:DIGITS]}…")
    return int(number)
