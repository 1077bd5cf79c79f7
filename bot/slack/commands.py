"""`/unanswered`: what somebody typed, and what to answer."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from bot.desk import Desk
from bot.domain.mention import Kind
from bot.domain.problems import NoSuchConversation, NotPossible
from bot.slack.blocks import Message, context, section
from bot.slack.queue import PAGE, Links, Listing, queue
from bot.slack.words import platform
from storage import conversations
from storage.conversations import Asked
from storage.database import reading

PERSON = re.compile(r"<@([UW][A-Z0-9]+)(?:\|[^>]*)?>")
DEED = re.compile(r"(?P<verb>[a-z][a-z' ]*?)\s+#?(?P<number>\d{1,18})(?:\s+(?P<rest>.*))?", re.S)

HELP = """*What waits*
`/unanswered` — in this channel's team, most urgent first
`/unanswered overdue` · `mine` · `@someone` · `{platforms}` · `all teams` — words combine
*What to do about it* (everything a button does; the number stands on the card)
`/unanswered claim 42` · `take over 42` · `reply 42` · `answered 42` (I answered there)
`/unanswered dismiss 42 spam` — with your reason
`/unanswered complaint 42` · `not a complaint 42` · `why 42` · `history 42`
`/unanswered published 42` · `send again 42` — when an answer may have been published"""


class Unknown(NotPossible):
    def __init__(self, word: str) -> None:
        super().__init__(f"I don't know “{word}”. `/unanswered help` lists what I understand.")


@dataclass(frozen=True)
class Person:
    """Who asks, and from which channel."""

    id: str
    channel: str


class Commands:
    """Reads the words after `/unanswered`; what opens a form is left to `forms`."""

    def __init__(self, desk: Desk, links: Links) -> None:
        self.desk, self.links = desk, links
        self.deeds: dict[str, Callable[[int, str, str], str]] = {
            "claim": self._claim,
            "take over": self._take_over,
            "takeover": self._take_over,
            "dismiss": self._dismiss,
            "answered": self._answered,
            "complaint": self._complaint,
            "not a complaint": self._no_complaint,
            "question": self._no_complaint,
            "published": self._published,
            "send again": self._send_again,
        }

    def answer(self, text: str, by: Person) -> Message:
        """Do or look up what was typed; NotPossible says why not."""
        wanted = " ".join(text.split())
        if wanted.lower() in ("help", "?", "hilfe"):
            return self.help()
        if deed := DEED.fullmatch(wanted):
            return self._do(deed, by)
        return self.list(wanted, by)

    def form_wanted(self, text: str) -> tuple[str, int] | None:
        """The form that these words open, and the conversation it is about."""
        deed = DEED.fullmatch(" ".join(text.split()).lower())
        if deed and deed["verb"] in ("reply", "why", "history"):
            return deed["verb"], int(deed["number"])
        if deed and deed["verb"] == "dismiss" and not deed["rest"]:
            return "dismiss", int(deed["number"])
        return None

    def help(self) -> Message:
        names = "` · `".join(sorted({name.partition(":")[0] for name in self.desk.adapters}))
        text = HELP.format(platforms=names)
        return Message(text, [section(text), context("Only you see this.")])

    def list(self, query: str, by: Person, *, skip: int = 0) -> Message:
        """What waits, as these words ask for it, from the `skip`th on."""
        asked, title = self._asked(query, by)
        return queue(self._listing(asked, title, query, skip), self.desk.now(), self.links)

    def listing(self, query: str, by: Person) -> Listing:
        asked, title = self._asked(query, by)
        return self._listing(asked, title, query, 0)

    def _listing(self, asked: Asked, title: str, query: str, skip: int) -> Listing:
        with reading(self.desk.database) as db:
            return Listing(
                title=title,
                query=query,
                found=conversations.unanswered(db, asked, most=PAGE, skip=skip),
                totals=conversations.totals(db, asked, self.desk.now()),
                skipped=skip,
            )

    def _asked(self, query: str, by: Person) -> tuple[Asked, str]:
        """What the words mean, and what the answer is called."""
        team = self.desk.teams.of_channel(by.channel)
        asked: dict[str, object] = {"team": team.name if team else None}
        titles = [f"Waiting for {team.name}" if team else "Waiting for all teams"]
        for word in query.lower().replace("all teams", "all").split():
            title = self._narrow(asked, word, by)
            titles = ["Waiting for all teams"] if word == "all" else [*titles, title]
        return Asked(**asked), ", ".join(titles)  # type: ignore[arg-type]

    def _narrow(self, asked: dict[str, object], word: str, by: Person) -> str:
        """Take one more word into account; returns how it is called."""
        platforms = {name.partition(":")[0] for name in self.desk.adapters}
        accounts = {*platforms, *self.desk.adapters}
        word = {"x": "twitter", "mail": "email"}.get(word, word)
        if word == "all":
            asked["team"] = None
        elif word == "overdue":
            asked["late_at"] = self.desk.now()
        elif word == "mine":
            asked["owner"] = by.id
        elif found := PERSON.fullmatch(word.upper()):
            asked["owner"] = found[1]
            return "of one person"
        elif word in accounts:
            asked["platform"] = word
            return f"on {platform(word)}"
        else:
            raise Unknown(word)
        return word

    def _do(self, deed: re.Match[str], by: Person) -> Message:
        act = self.deeds.get(deed["verb"].lower())
        if act is None:
            raise Unknown(deed["verb"])
        number = int(deed["number"])
        if number > 2**63 - 1:
            raise NoSuchConversation(number)
        done = act(number, by.id, deed["rest"] or "")
        return Message(done, [section(done)])

    def _claim(self, number: int, by: str, _: str) -> str:
        self.desk.claim(number, by)
        return f"{number} is yours. Its clock runs on."

    def _take_over(self, number: int, by: str, _: str) -> str:
        self.desk.take_over(number, by)
        return f"{number} is yours now. Its clock runs on."

    def _dismiss(self, number: int, by: str, because: str) -> str:
        self.desk.dismiss(number, by, because)
        return f"{number} is dismissed. If the customer writes again, it is back."

    def _answered(self, number: int, by: str, _: str) -> str:
        self.desk.answered_there(number, by)
        return f"{number} is answered."

    def _complaint(self, number: int, by: str, _: str) -> str:
        self.desk.judge(number, by, Kind.COMPLAINT)
        return f"{number} counts as a complaint now, with a complaint's deadline."

    def _no_complaint(self, number: int, by: str, _: str) -> str:
        self.desk.judge(number, by, Kind.QUESTION)
        return f"{number} counts as a question now, with a question's deadline."

    def _published(self, number: int, by: str, _: str) -> str:
        self.desk.resolve_doubt(number, by, published=True)
        return f"{number} is answered."

    def _send_again(self, number: int, by: str, _: str) -> str:
        self.desk.resolve_doubt(number, by, published=False)
        return f"The answer to {number} goes out once more."
