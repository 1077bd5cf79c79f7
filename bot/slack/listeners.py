"""What people press, type and ask: ack, say what was meant, let the desk decide."""

from collections.abc import Callable, Mapping
from typing import Any
from uuid import uuid4

import structlog
from slack_bolt import Ack, App, BoltResponse, Respond
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bot.desk import Desk
from bot.domain.case import Case
from bot.domain.mention import Kind
from bot.domain.problems import (
    CannotReplyHere,
    NothingWritten,
    NotPossible,
    TooLong,
)
from bot.slack import forms
from bot.slack.blocks import Message
from bot.slack.channel import Channel
from bot.slack.commands import Commands, Person
from bot.slack.home import home
from bot.slack.queue import Links
from storage import mentions
from storage.database import Unavailable, reading

log = structlog.get_logger()

Body = Mapping[str, Any]
MOST = 45  # entries of a history


class Listeners:
    """Everything Slack can tell us. Who did it is `body["user"]`, never what a button says."""

    def __init__(self, desk: Desk, channel: Channel, client: WebClient, links: Links) -> None:
        self.desk, self.channel, self.client, self.links = desk, channel, client, links
        self.commands = Commands(desk, links)
        self.forms: dict[str, Callable[[Case, str], forms.View]] = {
            "reply": self._reply_form,
            "dismiss": lambda case, _: forms.dismiss(case),
            "why": lambda case, _: forms.why(case, desk.team(case.conversation)),
            "history": lambda case, _: self._history(case),
        }

    def listen(self, app: App) -> None:
        """Tell Bolt who answers to what."""
        deeds = {
            "claim": self.desk.claim,
            "take_over": self.desk.take_over,
            "answered_there": self.desk.answered_there,
            "it_is_there": lambda id, by: self.desk.resolve_doubt(id, by, published=True),
            "send_again": lambda id, by: self.desk.resolve_doubt(id, by, published=False),
        }
        for name, deed in deeds.items():
            app.action(name)(self._pressing(deed))
        app.action("reply")(self.press_reply)
        app.action("menu")(self.choose)
        app.action("more")(self.more)
        app.action("open")(_only_ack)
        app.view("reply")(self.send)
        app.view("dismiss")(self.dismiss)
        app.command("/unanswered")(self.command)
        app.event("app_home_opened")(self.open_home)
        app.error(self.explain)

    def press_reply(self, ack: Ack, body: Body) -> None:
        ack()
        self._answer(body, lambda: self._open("reply", _pressed(body), body))

    def choose(self, ack: Ack, body: Body) -> None:
        """Something from the card's menu: "why 42", "complaint 42"."""
        ack()
        verb, _, number = body["actions"][0]["selected_option"]["value"].partition(" ")
        self._answer(body, lambda: self._chosen(verb, int(number), body))

    def more(self, ack: Ack, body: Body, respond: Respond) -> None:
        """The next page of a list takes the place of this one."""
        ack()
        skip, _, query = body["actions"][0]["value"].partition(" ")
        message = self.commands.list(query, _person(body), skip=int(skip))
        respond(replace_original=True, **_content(message))

    def send(self, ack: Ack, body: Body, view: dict[str, Any]) -> None:
        """The reply form: keep what was typed first, then decide."""
        about, text = forms.opened_at(view), forms.text_in(view, "answer")
        number, by = int(about["conversation"]), _who(body)
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
        number = int(forms.opened_at(view)["conversation"])
        try:
            self.desk.dismiss(number, _who(body), forms.reason_in(view))
        except NotPossible as problem:
            ack(response_action="update", view=forms.too_late(str(problem), ""))
        else:
            ack()

    def command(self, ack: Ack, body: Body) -> None:
        """The answer rides back on the ack, unless a form is wanted."""
        text = body.get("text") or ""
        by = Person(body["user_id"], body["channel_id"])
        try:
            if wanted := self.commands.form_wanted(text):
                self._open(*wanted, body)
                ack()
            else:
                ack(response_type="ephemeral", **_content(self.commands.answer(text, by)))
        except NotPossible as problem:
            ack(response_type="ephemeral", text=str(problem))

    def open_home(self, event: Mapping[str, Any]) -> None:
        """App Home: mine, then every team's."""
        by = Person(event["user"], "")
        parts = [self.commands.listing("mine", by)]
        for team in self.desk.teams:
            parts.append(self.commands.listing("", Person(by.id, team.channel)))
        view = home(parts, self.desk.now(), self.links)
        self.client.views_publish(user_id=by.id, view=view)

    def explain(self, error: Exception, body: Body) -> BoltResponse:
        """The person gets a sentence and a reference, the log gets the rest."""
        reference = uuid4().hex[:8]
        log.error("listener.failed", reference=reference, exc_info=error)
        sentence = _sentence(error, reference)
        if body.get("type") == "view_submission":
            return _in_form(body["view"]["callback_id"], sentence)
        if body.get("command"):
            return BoltResponse(status=200, body={"response_type": "ephemeral", "text": sentence})
        self._whisper(body, sentence)
        return BoltResponse(status=200, body="")

    def _pressing(self, deed: Callable[[int, str], None]) -> Callable[[Ack, Body], None]:
        def pressed(ack: Ack, body: Body) -> None:
            ack()
            self._answer(body, lambda: deed(_pressed(body), _who(body)))

        return pressed

    def _chosen(self, verb: str, number: int, body: Body) -> None:
        if verb in self.forms:
            self._open(verb, number, body)
        elif verb in (Kind.COMPLAINT, Kind.QUESTION):
            self.desk.judge(number, _who(body), Kind(verb))

    def _open(self, form: str, number: int, body: Body) -> None:
        """Open a form; its trigger lives for three seconds, so nothing slow comes before."""
        view = self.forms[form](self.desk.look(number), _who(body))
        self.client.views_open(trigger_id=body["trigger_id"], view=view)

    def _reply_form(self, case: Case, by: str) -> forms.View:
        conversation = case.conversation
        conversation.reply(by)  # says why not, before anybody writes in vain
        ability = self.desk.ability(conversation.account)
        if case.latest.no_reply or ability is None:
            raise CannotReplyHere(case.latest.no_reply or "its account is not set up any more.")
        return forms.reply(case, ability, self.desk.draft(conversation.id, by))

    def _history(self, case: Case) -> forms.View:
        with reading(self.desk.database) as db:
            said = mentions.history(db, case.conversation.customer, most=MOST)
        return forms.history(case, said)

    def _answer(self, body: Body, act: Callable[[], None]) -> None:
        """Do it; if it can't be done, tell only the person who asked."""
        try:
            act()
        except NotPossible as problem:
            self._whisper(body, str(problem))

    def _whisper(self, body: Body, sentence: str) -> None:
        channel = (body.get("channel") or {}).get("id")
        thread = (body.get("message") or {}).get("thread_ts")
        try:
            if channel:
                self.client.chat_postEphemeral(
                    channel=channel, user=_who(body), text=sentence, thread_ts=thread
                )
            else:
                self.client.chat_postMessage(channel=_who(body), text=sentence)
        except SlackApiError as problem:
            log.warning("whisper.lost", why=problem.response.get("error"))


def _sentence(error: Exception, reference: str) -> str:
    if isinstance(error, Unavailable):
        return (
            "My database does not answer right now, so nothing was changed. Try again in a minute."
            f" (reference {reference})"
        )
    return (
        "Something went wrong on my side, and I can't say whether it was done: look at the card,"
        f" then try again. If it stays, tell whoever runs me: reference {reference}."
    )


def _in_form(form: str, sentence: str) -> BoltResponse:
    """Keep the form open, with everything in it."""
    field = {"reply": "answer"}.get(form, "reason")
    errors = {"response_action": "errors", "errors": {field: sentence}}
    return BoltResponse(status=200, body=errors)


def _only_ack(ack: Ack) -> None:
    """A button that only opens an address."""
    ack()


def _pressed(body: Body) -> int:
    """The conversation a button belongs to."""
    return int(body["actions"][0]["value"])


def _person(body: Body) -> Person:
    return Person(_who(body), (body.get("channel") or {}).get("id", ""))


def _who(body: Body) -> str:
    if "user_id" in body:
        return str(body["user_id"])
    return str(body["user"]["id"])


def _bare(problem: NotPossible) -> str:
    """For a form's field, which shows no markup."""
    return str(problem).replace("*", "").replace("`", "")


def _content(message: Message) -> dict[str, Any]:
    return {"text": message.text, "blocks": list(message.blocks or [])}
