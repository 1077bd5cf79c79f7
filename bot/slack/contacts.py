"""What came by phone, at the counter, or in a message of Slack."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime

from slack_sdk.errors import SlackApiError

from bot.contacts import OLDEST, SKEW
from bot.contacts import Contacts as Log
from bot.desk import Desk
from bot.domain.mention import Kind, storable
from bot.domain.problems import CannotLog, NotPossible, Ours
from bot.slack import contact_forms, filled, forwarded
from bot.slack.blocks import Message, section
from bot.slack.commands import plain
from bot.slack.contact_forms import HOW, NAME, Contact, Said
from bot.slack.counter import Ack, Counter, Visit, errors, instead
from bot.slack.forms import INPUT, View
from bot.slack.handling_forms import kind_named
from bot.slack.members import Members
from bot.slack.queue import Links
from bot.slack.text import clip, one_line
from bot.slack.tongue import _
from bot.slack.whispers import Body
from bot.slack.words import called

ADDRESS = re.compile(
    r"<?https?://[^\s|>]+/archives/(?P<channel>[CGD]\w+)/p(?P<ts>\d{11,})"
    r"(?:[^\s|>]*[?&;]thread_ts=(?P<thread>\d{10,}\.\d{6})(?!\d))?"
)
GERMAN = {
    "telefon": "phone",
    "tresen": "counter",
    "theke": "counter",
    "schalter": "counter",
    "flur": "corridor",
    "gang": "corridor",
    "brief": "letter",
}


class NoMessage(NotPossible):
    def __init__(self) -> None:
        super().__init__(
            Ours(
                "I can't read that message. Copy its link from its menu, and invite me to its"
                " channel first."
            )
        )


class OurOwn(NotPossible):
    def __init__(self) -> None:
        super().__init__(Ours("That is a message of mine. Choose one that somebody has written."))


class NoTeam(NotPossible):
    def __init__(self) -> None:
        super().__init__(Ours("No team is set up yet. `/unanswered setup` makes one."))


class Logging:
    """Each has a card and a clock like any other."""

    def __init__(self, desk: Desk, contacts: Log, members: Members, links: Links) -> None:
        self.desk, self.contacts, self.members, self.links = desk, contacts, members, links

    def counter(self) -> Counter:
        return Counter(
            sent={"log": self.log, "make_case": self.make_case},
            asked={"log": self.log_form, "case": self.case_of, "notieren": self.log_form},
            shortcuts={
                "log_contact": lambda visit: self.log_form(visit, ""),
                "make_case": self.case_form,
            },
        )

    # A contact

    def log_form(self, visit: Visit, rest: str) -> View:
        """What was typed behind it is there already: how it came, and what they said."""
        first, _space, words = rest.partition(" ")
        how = GERMAN.get(first.lower().rstrip(":"), first.lower().rstrip(":"))
        if how not in HOW:
            how, words = "phone", rest
        return contact_forms.log(
            Contact(
                teams=self._teams(),
                team=self._team(visit.channel),
                now=self.desk.now(),
                how=how,
                words=clip(plain(words).strip(), INPUT),
            )
        )

    def log(self, visit: Visit, view: View) -> Ack:
        team, now = filled.chosen_in(view, "team") or self._team(""), self.desk.now()
        at = filled.moment_in(view, "when") or now
        try:
            number = self.contacts.log(
                visit.by,
                self._named(team),
                how=filled.chosen_in(view, "how"),
                name=filled.text_in(view, "name"),
                handle=filled.text_in(view, "handle"),
                words=filled.text_in(view, "words"),
                kind=kind_named(filled.chosen_in(view, "kind"), Kind.OTHER),
                at=at,
            )
        except CannotLog as problem:
            too_old_or_new = not now - OLDEST <= at <= now + SKEW
            return errors("when" if too_old_or_new else "words", problem)
        return self._logged(number)

    # A message

    def case_form(self, visit: Visit) -> View:
        """Of the message whose menu it was chosen from."""
        message = _written_by_somebody(visit, visit.body["message"])
        channel = str(visit.body["channel"]["id"])
        return self._case(self._said(channel, message), channel)

    def case_of(self, visit: Visit, rest: str) -> Message | View:
        """Of the message whose link was typed."""
        found = ADDRESS.search(rest)
        if not found:
            told = _("Copy the message's link behind it: `/unanswered case https://…/archives/…`")
            return Message(told, [section(told)])
        channel, stamp = found["channel"], f"{found['ts'][:-6]}.{found['ts'][-6:]}"
        read = self._read(visit, channel, stamp, found["thread"] or stamp)
        return self._case(self._said(channel, _written_by_somebody(visit, read)), channel)

    def _read(self, visit: Visit, channel: str, ts: str, thread: str) -> Body:
        """Only somebody who is there may make it a case. A thread's first message comes with it."""
        if not self.members.channels(visit.by, [channel]):
            raise NoMessage
        try:
            found = visit.client.conversations_replies(
                channel=channel, ts=thread, latest=ts, oldest=ts, inclusive=True, limit=2
            )["messages"]
        except SlackApiError as problem:
            raise NoMessage from problem
        for message in found:
            if message["ts"] == ts:
                return dict(message)
        raise NoMessage

    def _said(self, channel: str, message: Body) -> Said:
        """As plain words, by whoever wrote them first."""
        author, name, words = forwarded.spoken(message)
        if author and not name:
            name = called(self.members.name(author))
        return Said(
            channel=channel,
            ts=str(message["ts"]),
            thread=str(message.get("thread_ts") or ""),
            author=author,
            name=clip(one_line(storable(name)), NAME),
            words=clip(storable(plain(words)).strip(), INPUT),
        )

    def _case(self, message: Said, channel: str) -> View:
        return contact_forms.make_case(message, self._teams(), self._team(channel))

    def make_case(self, visit: Visit, view: View) -> Ack:
        """Under another name than the message has, it is somebody whom we don't know."""
        about, name = filled.opened_at(view), filled.text_in(view, "name")
        team = filled.chosen_in(view, "team") or self._team(str(about["channel"]))
        try:
            number = self.contacts.from_message(
                visit.by,
                self._named(team),
                channel=about["channel"],
                ts=about["ts"],
                author=about["author"] if name.strip() == about.get("name", name).strip() else "",
                name=name,
                words=filled.text_in(view, "words"),
                at=datetime.fromtimestamp(float(about["ts"]), UTC),
                url=self.links.message(about["channel"], about["ts"], about.get("thread", "")),
            )
        except CannotLog as problem:
            return errors("words", problem)
        return self._logged(number)

    def _logged(self, number: int) -> Ack:
        team = self.desk.team_of(number)
        return instead(contact_forms.logged(number, team.channel))

    # Whose it is

    def _teams(self) -> Sequence[str]:
        return [team.name for team in self.desk.teams]

    def _team(self, channel: str) -> str:
        """The team of the channel where it was asked, or else the first."""
        here = self.desk.teams.of_channel(channel) if channel else None
        names = [here.name] if here else list(self._teams())
        if not names:
            raise NoTeam
        return names[0]

    def _named(self, value: str) -> str:
        """A form's value holds only the beginning of a very long name."""
        return next((name for name in self._teams() if name[:150] == value[:150]), value)


def _written_by_somebody(visit: Visit, message: Body) -> Body:
    """A card of ours is a case already."""
    if message.get("app_id") and message["app_id"] == visit.body.get("api_app_id"):
        raise OurOwn
    return message
