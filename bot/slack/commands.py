"""`/unanswered`: what somebody typed, and what to answer."""

import re
from collections.abc import Callable

from bot.desk import Desk
from bot.domain.mention import Kind, storable
from bot.domain.problems import NoSuchConversation
from bot.slack.blocks import Message, context, section, when_markup
from bot.slack.cards import card
from bot.slack.questions import Person, Questions, Unknown
from bot.slack.queue import PAGE, Links, Listing, queue
from bot.slack.text import clip
from storage import conversations
from storage.database import reading

DEED = re.compile(
    r"(?:(?P<verb>[a-z][a-z' ]*?)\s+)?#?(?P<number>[0-9]+)(?:[\s:]+(?P<rest>.*))?", re.S | re.I
)
SPECIAL = re.compile(r"<(?:[@#!][^|>]*\|(?P<name>[^>]+)|(?P<address>https?:[^|>]+)(?:\|[^>]*)?)>")
ENTITIES = {"&lt;": "<", "&gt;": ">", "&amp;": "&"}
DIGITS = 18  # of a number that a database can look for
REASON = 300
FORMS = ("reply", "why", "history")

HELP = """*What waits*
`/unanswered` in this channel's team, most urgent first
`/unanswered overdue` · `mine` · `@someone` · `{platforms}` · `all teams`; the words combine
`/unanswered 42` shows number 42, with its buttons
*What to do about it* (all that the buttons do; the number is on the card)
`/unanswered reply 42` · `claim 42` · `take over 42`
`/unanswered answered 42` if you answered on the platform itself
`/unanswered dismiss 42 spam` with your reason
`/unanswered complaint 42` · `not a complaint 42` · `why 42` · `history 42`
`/unanswered published 42` · `send again 42` when an answer may have been published or not"""


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
        if deed and (verb in FORMS or (verb == "dismiss" and not deed["rest"])):
            return verb, _number(deed)
        return None

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
        conversation = self.desk.look(number).conversation
        due_at = conversation.due_at if conversation.open else None
        due = f" It is due {when_markup(due_at)}." if due_at else ""
        return f"{number} counts as a {kind} now.{due}"

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


def _plain(text: str) -> str:
    """As it was typed: Slack escapes what people type after a command."""
    named = SPECIAL.sub(lambda at: at["address"] or f"@{at['name']}", text)
    return re.sub("&(?:lt|gt|amp);", lambda at: ENTITIES[at[0]], named)
