"""`/unanswered`: what somebody typed, and what to answer."""

import re
from collections.abc import Callable
from datetime import datetime

from bot.desk import Desk
from bot.domain.mention import Kind, storable
from bot.domain.problems import NoSuchConversation, NotPossible
from bot.slack import times
from bot.slack.blocks import Message, context, section, when_markup
from bot.slack.cards import card
from bot.slack.questions import Person, Questions, Unknown
from bot.slack.queue import PAGE, Links, Listing, queue
from bot.slack.text import clip, harmless
from storage import conversations
from storage.database import reading

DEED = re.compile(
    r"(?:(?P<verb>[a-z][a-z' ]*?)\s+)?#?(?P<number>[0-9]+)(?:[\s:]+(?P<rest>.*))?", re.S | re.I
)
SPECIAL = re.compile(r"<(?:[@#!][^|>]*\|(?P<name>[^>]+)|(?P<address>https?:[^|>]+)(?:\|[^>]*)?)>")
ENTITIES = {"&lt;": "<", "&gt;": ">", "&amp;": "&"}
DIGITS = 18  # of a number that a database can look for
REASON = 300
TAG = 40
FORMS = ("reply", "why", "history")
FORMS_WITHOUT_MORE = ("dismiss", "snooze")  # with words behind them, they are done at once

WHAT_IF = ("what-if", "what if", "whatif")

HELP = """*What waits*
`/unanswered` in this channel's team, most urgent first
`/unanswered overdue` · `mine` · `@someone` · `{platforms}` · `all teams`; the words combine
`/unanswered 42` shows number 42, with its buttons
*What to do about it* (all that the buttons do; the number is on the card)
`/unanswered reply 42` · `claim 42` · `take over 42`
`/unanswered answered 42` if you answered on the platform itself
`/unanswered no answer needed 42` · `dismiss 42 spam` with your reason
`/unanswered settled 42` when it is answered and nothing more is owed
`/unanswered snooze 42 fri 12:00 waiting for the parcel` pauses its clock
`/unanswered snooze 42 until they write asked for a photo` · `wake 42`
`/unanswered complaint 42` · `not a complaint 42` · `tag 42 VIP` · `untag 42 VIP`
`/unanswered why 42` tells how its deadline came about · `history 42`
`/unanswered what-if` tells the last thirty days under other hours, targets and rungs
`/unanswered published 42` · `send again 42` when an answer may have been published or not"""


class WhySnooze(NotPossible):
    def __init__(self) -> None:
        super().__init__(
            "Say why, too: the card shows it. For example"
            " `/unanswered snooze 42 fri 12:00 waiting for the parcel`."
        )


class WhichTag(NotPossible):
    def __init__(self) -> None:
        super().__init__("Say which word, as in `/unanswered tag 42 VIP`.")


class Commands:
    """Reads the words after `/unanswered`; what opens a form is left to `forms`."""

    def __init__(self, desk: Desk, links: Links) -> None:
        self.desk, self.links = desk, links
        self.questions = Questions(desk.teams, desk.adapters, desk.now)
        self.deeds: dict[str, Callable[[int, str, str], str]] = {
            "claim": self._claim,
            "take over": self._take_over,
            "takeover": self._take_over,
            "dismiss": self._dismiss,
            "answered": self._answered,
            "i answered there": self._answered,
            "complaint": self._complaint,
            "it is a complaint": self._complaint,
            "not a complaint": self._no_complaint,
            "question": self._no_complaint,
            "published": self._published,
            "it is published": self._published,
            "send again": self._send_again,
            "snooze": self._snooze,
            "wake": self._wake,
            "end the snooze": self._wake,
            "settled": self._settle,
            "settle": self._settle,
            "no answer needed": self._no_answer_needed,
            "tag": self._tag,
            "untag": self._untag,
        }

    def answer(self, text: str, by: Person) -> Message:
        """Do or look up what was typed; NotPossible says why not."""
        wanted = _typed(text)
        if wanted.lower() in ("help", "?", "hilfe"):
            return self.help()
        if deed := DEED.fullmatch(wanted):
            return self._do(deed, by)
        return self.list(wanted, by)

    def form_wanted(self, text: str) -> tuple[str, int] | None:
        """The form that these words open, and the conversation it is about."""
        deed = DEED.fullmatch(_typed(text))
        verb = (deed["verb"] or "").lower() if deed else ""
        if deed and (verb in FORMS or (verb in FORMS_WITHOUT_MORE and not deed["rest"])):
            return verb, _number(deed)
        return None

    def wants_what_if(self, text: str) -> bool:
        return _typed(text).lower() in WHAT_IF

    def written(self, text: str) -> str:
        """The beginning of an answer that was typed behind `reply 42`."""
        deed = DEED.fullmatch(_typed(text))
        wanted = deed and (deed["verb"] or "").lower() == "reply"
        return _plain(deed["rest"] or "").strip() if deed and wanted else ""

    def help(self) -> Message:
        names = "` · `".join(sorted({name.partition(":")[0] for name in self.desk.adapters}))
        text = HELP.format(platforms=names)
        return Message(text, [section(text), context("Only you see this.")])

    def list(self, query: str, by: Person, *, skip: int = 0) -> Message:
        """What waits, as these words ask for it, from the `skip`th on."""
        return queue(self.listing(query, by, skip=skip), self.desk.now(), self.links)

    def listing(self, query: str, by: Person, *, skip: int = 0, title: str = "") -> Listing:
        question = self.questions.read(query, by)
        with reading(self.desk.database) as db:
            return Listing(
                title=title or question.title,
                query=query,
                found=conversations.unanswered(db, question.asked, most=PAGE, skip=skip),
                totals=conversations.totals(db, question.asked, self.desk.now()),
                skipped=skip,
            )

    def _do(self, deed: re.Match[str], by: Person) -> Message:
        verb, number = " ".join((deed["verb"] or "").lower().split()), _number(deed)
        if not verb:
            return card(self.desk.look(number), self.desk.now())
        if verb not in self.deeds:
            raise Unknown(verb)
        done = self.deeds[verb](number, by.id, _plain(deed["rest"] or ""))
        return Message(done, [section(done)])

    def _claim(self, number: int, by: str, _: str) -> str:
        self.desk.claim(number, by)
        return f"{number} is yours. Its clock runs on."

    def _take_over(self, number: int, by: str, _: str) -> str:
        self.desk.take_over(number, by)
        return f"{number} is yours now. Its clock runs on."

    def _dismiss(self, number: int, by: str, because: str) -> str:
        self.desk.dismiss(number, by, clip(because, REASON))
        return f"{number} is dismissed. If the customer writes again, it is back."

    def _answered(self, number: int, by: str, _: str) -> str:
        self.desk.answered_there(number, by)
        return f"{number} is answered. If the customer writes again, it is back."

    def _complaint(self, number: int, by: str, _: str) -> str:
        return self._judge(number, by, Kind.COMPLAINT)

    def _no_complaint(self, number: int, by: str, _: str) -> str:
        return self._judge(number, by, Kind.QUESTION)

    def _judge(self, number: int, by: str, kind: Kind) -> str:
        self.desk.judge(number, by, kind)
        return f"{number} counts as a {kind} now.{self._due(number)}"

    def _due(self, number: int) -> str:
        """When it is due now, as a sentence behind another."""
        conversation = self.desk.look(number).conversation
        due_at = conversation.due_at if conversation.open else None
        return f" It is due {when_markup(due_at)}." if due_at else ""

    def _snooze(self, number: int, by: str, said: str) -> str:
        """The time first, then the reason."""
        now = self.desk.now()
        because = times.until_they_write(said)
        if because is not None:
            return self._sleep(number, by, now + times.UNTIL_THEY_WRITE, because, they_write=True)
        calendar = self.desk.team(self.desk.look(number).conversation).calendar
        return self._sleep(number, by, *times.begin(said, calendar, now))

    def _sleep(
        self, number: int, by: str, until: datetime, because: str, *, they_write: bool = False
    ) -> str:
        if not because:
            raise WhySnooze
        why = clip(because, REASON)
        self.desk.snooze(number, by, until, why, until_they_write=they_write)
        they = "the customer writes, at the longest until " if they_write else ""
        return f"{number} is paused until {they}{when_markup(until)}. Then its clock runs on."

    def _wake(self, number: int, by: str, _: str) -> str:
        self.desk.wake(number, by)
        return f"{number} is awake, its clock runs.{self._due(number)}"

    def _settle(self, number: int, by: str, _: str) -> str:
        self.desk.settle(number, by)
        return f"{number} is settled. If the customer writes again, it is back."

    def _no_answer_needed(self, number: int, by: str, _: str) -> str:
        self.desk.no_answer_needed(number, by)
        promised_for = self.desk.look(number).conversation.promised_for
        if promised_for:
            return f"{number} waits for what was promised, {when_markup(promised_for)}."
        return f"{number} needs no answer. If the customer writes again, it is back."

    def _tag(self, number: int, by: str, word: str) -> str:
        self.desk.tag(number, by, tag := _tag(word))
        due = self._due(number)
        return f"The customer of {number} is tagged “{harmless(tag, TAG)}” now.{due}"

    def _untag(self, number: int, by: str, word: str) -> str:
        self.desk.untag(number, by, tag := _tag(word))
        due = self._due(number)
        return f"The customer of {number} is not tagged “{harmless(tag, TAG)}” any more.{due}"

    def _published(self, number: int, by: str, _: str) -> str:
        self.desk.resolve_doubt(number, by, published=True)
        return f"{number} is answered."

    def _send_again(self, number: int, by: str, _: str) -> str:
        self.desk.resolve_doubt(number, by, published=False)
        return f"The answer to {number} goes out once more."


def _typed(text: str) -> str:
    """On one line, and with nothing in it that no database keeps."""
    return " ".join(storable(text).split())


def _number(deed: re.Match[str]) -> int:
    number = deed["number"]
    if len(number) > DIGITS:
        raise NoSuchConversation(f"{number[:DIGITS]}…")
    return int(number)


def _tag(word: str) -> str:
    if not word.strip():
        raise WhichTag
    return clip(word.strip(), TAG)


def _plain(text: str) -> str:
    """As it was typed: Slack escapes what people type after a command."""
    named = SPECIAL.sub(lambda at: at["address"] or f"@{at['name']}", text)
    return re.sub("&(?:lt|gt|amp);", lambda at: ENTITIES[at[0]], named)
