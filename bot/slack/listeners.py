"""What people press, type and ask: ack, say what was meant, let the desk decide."""

import re
from collections.abc import Callable, Mapping
from html import unescape
from typing import Any

from slack_bolt import Ack, App, Respond
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bot.desk import Desk
from bot.domain.case import Case
from bot.domain.mention import Kind
from bot.domain.problems import CannotReplyHere, NothingWritten, NotPossible, TooLong
from bot.slack import filled, forms, stories
from bot.slack.blocks import Message
from bot.slack.commands import Commands
from bot.slack.home import home
from bot.slack.questions import Person
from bot.slack.queue import Links
from bot.slack.troubles import Troubles
from bot.slack.whispers import Body, Whispers, where, who
from storage import mentions
from storage.database import reading

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

    def __init__(self, desk: Desk, client: WebClient, links: Links) -> None:
        self.desk, self.client, self.links = desk, client, links
        self.commands = Commands(desk, links)
        self.whispers = Whispers(client)
        self.troubles = Troubles(client, self.whispers)
        self.forms: dict[str, Callable[[Case, str], forms.View]] = {
            "reply": self._reply_form,
            "dismiss": self._dismiss_form,
            "why": lambda case, _: stories.why(case, desk.team(case.conversation)),
            "history": lambda case, _: self._history(case),
        }

    def listen(self, app: App) -> None:
        """Tell Bolt who answers to what."""
        for name, deed in self._deeds().items():
            app.action(name)(self._pressing(deed))
        app.action("reply")(self.press_reply)
        app.action("menu")(self.choose)
        app.action("more")(self.turn_page)
        app.action("back")(self.turn_page)
        app.action("open")(_only_ack)
        app.action(ANYTHING)(self.press_unknown)
        app.view("reply")(self.send)
        app.view("dismiss")(self.dismiss)
        app.command("/unanswered")(self.command)
        app.event("app_home_opened")(self.open_home)
        app.error(self.troubles.explain)

    def press_reply(self, ack: Ack, body: Body) -> None:
        ack()
        self._answer(body, lambda: self._open("reply", _pressed(body), body))

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

    def send(self, ack: Ack, body: Body, view: dict[str, Any]) -> None:
        """The reply form: keep what was typed first, then decide."""
        about, text = filled.opened_at(view), filled.text_in(view, "answer")
        number, by = int(about["conversation"]), who(body)
        self.desk.keep_draft(number, by, text)
        try:
            self.desk.reply(number, by, text, mention=int(about["mention"]), key=view["id"])
        except (TooLong, NothingWritten, CannotReplyHere) as problem:
            ack(response_action="errors", errors={"answer": _bare(problem)})
        except NotPossible as problem:
            ack(response_action="update", view=forms.too_late(str(problem), text))
        else:
            ack()

    def dismiss(self, ack: Ack, body: Body, view: dict[str, Any]) -> None:
        number, because = int(filled.opened_at(view)["conversation"]), filled.reason_in(view)
        if not because:
            ack(response_action="errors", errors={"more": "Write which reason."})
            return
        try:
            self.desk.dismiss(number, who(body), because)
        except NotPossible as problem:
            ack(response_action="update", view=forms.too_late(str(problem)))
        else:
            ack()

    def command(self, ack: Ack, body: Body) -> None:
        """The answer rides back on the ack, unless a form is wanted."""
        text = body.get("text") or ""
        try:
            if wanted := self.commands.form_wanted(text):
                self.desk.begin_draft(wanted[1], _person(body).id, self.commands.written(text))
                self._open(*wanted, body)
                ack()
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
            "it_is_there": lambda id, by: desk.resolve_doubt(id, by, published=True),
            "send_again": lambda id, by: desk.resolve_doubt(id, by, published=False),
        }

    def _pressing(self, deed: Deed) -> Callable[[Ack, Body], None]:
        def pressed(ack: Ack, body: Body) -> None:
            ack()
            self._answer(body, lambda: deed(_pressed(body), who(body)))

        return pressed

    def _chosen(self, verb: str, number: int, body: Body) -> None:
        if verb in self.forms:
            self._open(verb, number, body)
        elif verb in (Kind.COMPLAINT, Kind.QUESTION):
            self.desk.judge(number, who(body), Kind(verb))

    def _turn(self, body: Body, respond: Respond) -> None:
        skip, _, query = body["actions"][0]["value"].partition(" ")
        message = self.commands.list(query, _person(body), skip=int(skip))
        respond(replace_original=True, **_content(message))

    def _open(self, form: str, number: int, body: Body) -> None:
        """Open a form; its trigger lives for three seconds, so nothing slow comes before."""
        view = self.forms[form](self.desk.look(number), who(body))
        try:
            self.client.views_open(trigger_id=body["trigger_id"], view=view)
        except SlackApiError as problem:
            if problem.response.get("error") in TOO_SLOW:
                raise TookTooLong from problem
            raise

    def _reply_form(self, case: Case, by: str) -> forms.View:
        conversation = case.conversation
        conversation.reply(by)  # says why not, before anybody writes in vain
        ability = self.desk.ability(conversation.account)
        if case.latest.no_reply or ability is None:
            raise CannotReplyHere(case.latest.no_reply or "its account is not set up any more.")
        return forms.reply(case, ability, self.desk.draft(conversation.id, by))

    def _dismiss_form(self, case: Case, by: str) -> forms.View:
        case.conversation.dismiss(by, "", self.desk.now())  # says why not
        return forms.dismiss(case)

    def _history(self, case: Case) -> forms.View:
        with reading(self.desk.database) as db:
            said = mentions.history(db, case.conversation.customer, most=stories.OLDER + 1)
        return stories.history(case, said)

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


def _bare(problem: NotPossible) -> str:
    """For a form's field, which shows no markup."""
    return unescape(str(problem)).replace("*", "").replace("`", "")


def _content(message: Message) -> dict[str, Any]:
    return {"text": message.text, "blocks": list(message.blocks or [])}
