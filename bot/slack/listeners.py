"""What people press, type and ask: ack, say what was meant, let the desk decide."""

import re
from collections.abc import Callable, Mapping
from typing import Any

import structlog
from slack_bolt import Ack, App, Respond
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bot.desk import Desk
from bot.domain.mention import Kind
from bot.domain.problems import NotPossible
from bot.slack.blocks import Message
from bot.slack.commands import Commands
from bot.slack.forms import View
from bot.slack.home import home
from bot.slack.openings import Openings
from bot.slack.questions import Person
from bot.slack.queue import Links
from bot.slack.submissions import Submissions
from bot.slack.troubles import Troubles
from bot.slack.whispers import Body, Whispers, where, who

log = structlog.get_logger()

Deed = Callable[[int, str], None]
ANYTHING = re.compile("")
TOO_SLOW = {"expired_trigger_id", "exchanged_trigger_id", "trigger_expired", "trigger_exchanged"}


class TookTooLong(NotPossible):
    def __init__(self) -> None:
        super().__init__("That took longer than Slack waits for a form. Press again.")


class OldButton(NotPossible):
    def __init__(self) -> None:
        super().__init__(
            "This button is from before my last update. `/unanswered` still knows all."
        )


class Listeners:
    """Everything Slack can tell us. Who did it is what Slack says, never what a button says."""

    def __init__(
        self,
        desk: Desk,
        client: WebClient,
        links: Links,
        environment: Mapping[str, str],
    ) -> None:
        self.desk, self.client, self.links = desk, client, links
        self.commands = Commands(desk, links)
        self.whispers = Whispers(client)
        self.troubles = Troubles(client, self.whispers)
        self.openings = Openings(desk)
        self.submissions = Submissions(desk, client, environment)

    def listen(self, app: App) -> None:
        """Tell Bolt who answers to what."""
        for name, deed in self._deeds().items():
            app.action(name)(self._pressing(deed))
        app.action("reply")(self.press_reply)
        app.action("menu")(self.choose)
        app.action("why_then")(self.choose)
        app.action("more")(self.turn_page)
        app.action("back")(self.turn_page)
        app.action("open")(_only_ack)
        app.action(ANYTHING)(self.press_unknown)
        for name, sent in self.submissions.ways.items():
            app.view(name)(sent)
        app.command("/unanswered")(self.command)
        app.event("app_home_opened")(self.open_home)
        app.error(self.troubles.explain)

    def press_reply(self, ack: Ack, body: Body) -> None:
        ack()
        self._answer(body, lambda: self._open_reply(body))

    def choose(self, ack: Ack, body: Body) -> None:
        """Something from the card's menu: "why 42", "complaint 42"."""
        ack()
        verb, _, number = body["actions"][0]["selected_option"]["value"].partition(" ")
        self._answer(body, lambda: self._chosen(verb, int(number), body))

    def turn_page(self, ack: Ack, body: Body, respond: Respond) -> None:
        """Another page of a list takes the place of this one."""
        ack()
        self._answer(body, lambda: self._turn(body, respond))

    def press_unknown(self, ack: Ack, body: Body) -> None:
        """Cards live longer than versions of the bot."""
        ack()
        self.whispers.tell(body, str(OldButton()))

    def command(self, ack: Ack, body: Body) -> None:
        """The answer rides back on the ack, unless a form is wanted."""
        text = body.get("text") or ""
        try:
            if self.commands.wants_what_if(text):
                self._show(self.openings.what_if(where(body)), body)
                ack()
            elif wanted := self.commands.form_wanted(text):
                self.desk.begin_draft(wanted[1], _person(body).id, self.commands.written(text))
                self._open(*wanted, body)
                ack()
                self._renew(*wanted, body)
            else:
                answer = self.commands.answer(text, _person(body))
                ack(response_type="ephemeral", **_content(answer))
        except NotPossible as problem:
            ack(response_type="ephemeral", text=str(problem))

    def open_home(self, event: Mapping[str, Any]) -> None:
        """App Home: mine, then every team's."""
        if event.get("tab", "home") != "home":
            return
        by = event["user"]
        parts = [self.commands.listing("mine", Person(by, ""), title="Waiting for you")]
        for team in self.desk.teams:
            parts.append(self.commands.listing("", Person(by, team.channel)))
        self.client.views_publish(user_id=by, view=home(parts, self.desk.now(), self.links))

    def _deeds(self) -> Mapping[str, Deed]:
        desk = self.desk
        return {
            "claim": desk.claim,
            "take_over": desk.take_over,
            "answered_there": desk.answered_there,
            "no_answer_needed": desk.no_answer_needed,
            "settle": desk.settle,
            "it_is_there": lambda id, by: desk.resolve_doubt(id, by, published=True),
            "send_again": lambda id, by: desk.resolve_doubt(id, by, published=False),
        }

    def _pressing(self, deed: Deed) -> Callable[[Ack, Body], None]:
        def pressed(ack: Ack, body: Body) -> None:
            ack()
            self._answer(body, lambda: deed(_pressed(body), who(body)))

        return pressed

    def _chosen(self, verb: str, number: int, body: Body) -> None:
        if verb in self.openings.ways:
            self._open(verb, number, body)
        elif verb in (Kind.COMPLAINT, Kind.QUESTION):
            self.desk.judge(number, who(body), Kind(verb))
        elif verb == "wake":
            self.desk.wake(number, who(body))

    def _turn(self, body: Body, respond: Respond) -> None:
        skip, _, query = body["actions"][0]["value"].partition(" ")
        message = self.commands.list(query, _person(body), skip=int(skip))
        respond(replace_original=True, **_content(message))

    def _open_reply(self, body: Body) -> None:
        number = _pressed(body)
        self._open("reply", number, body)
        self._renew("reply", number, body)

    def _open(self, form: str, number: int, body: Body) -> None:
        """Open a form; its trigger lives for three seconds, so nothing slow comes before."""
        self._show(self.openings.about(form, number, who(body)), body)

    def _show(self, view: View, body: Body) -> None:
        try:
            self.client.views_open(trigger_id=body["trigger_id"], view=view)
        except SlackApiError as problem:
            if problem.response.get("error") in TOO_SLOW:
                raise TookTooLong from problem
            raise

    def _renew(self, form: str, number: int, body: Body) -> None:
        """Whoever opens the reply form is at work on it. Nobody waits for that, or hears of it."""
        if form != "reply":
            return
        try:
            self.desk.renew(number, who(body))
        except Exception as problem:
            log.warning("claim.not_renewed", conversation=number, exc_info=problem)

    def _answer(self, body: Body, act: Callable[[], None]) -> None:
        """Do it; if it can't be done, tell only the person who asked.

        What fails after the ack is not left to Bolt: it would forget that we have acked.
        """
        try:
            act()
        except NotPossible as problem:
            self.whispers.tell(body, str(problem))
        except Exception as problem:
            self.troubles.explain(problem, body, None)


def _only_ack(ack: Ack) -> None:
    """A button that only opens an address."""
    ack()


def _pressed(body: Body) -> int:
    """The conversation a button belongs to."""
    return int(body["actions"][0]["value"])


def _person(body: Body) -> Person:
    return Person(who(body), where(body))


def _content(message: Message) -> dict[str, Any]:
    return {"text": message.text, "blocks": list(message.blocks or [])}
