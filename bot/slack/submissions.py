"""What becomes of a form that somebody has filled in: done, or what to mend at which field."""

import time
from collections.abc import Callable, Mapping
from html import unescape

import structlog
from slack_bolt import Ack
from slack_sdk import WebClient

from bot import simulate
from bot.desk import Desk
from bot.domain.problems import (
    CannotPromise,
    CannotReplyHere,
    CannotSnooze,
    NothingWritten,
    NotPossible,
    TooLong,
)
from bot.domain.team import Team
from bot.slack import filled, forms, whatif
from bot.slack.forms import View
from bot.slack.whispers import Body, who

log = structlog.get_logger()

SHOWN = 0.5  # seconds after an ack in which Slack may still put what it says over what comes then


class Submissions:
    """Forms by their name. What is typed is kept before it is decided about."""

    def __init__(self, desk: Desk, client: WebClient, environment: Mapping[str, str]) -> None:
        self.desk, self.client, self.environment = desk, client, environment
        self.ways: dict[str, Callable[..., None]] = {
            "reply": self.send,
            "dismiss": self.dismiss,
            "snooze": self.snooze,
            "what_if": self.what_if,
        }

    def send(self, ack: Ack, body: Body, view: View) -> None:
        """The reply form: keep what was typed first, then decide."""
        about, text = filled.opened_at(view), filled.text_in(view, "answer")
        number, by, mention = int(about["conversation"]), who(body), int(about["mention"])
        promised_for, field = filled.promise_in(view)
        self.desk.keep_draft(number, by, text)
        try:
            self.desk.reply(
                number, by, text, mention=mention, key=view["id"], promised_for=promised_for
            )
        except CannotPromise as problem:
            ack(response_action="errors", errors={field: _bare(problem)})
        except (TooLong, NothingWritten, CannotReplyHere) as problem:
            ack(response_action="errors", errors={"answer": _bare(problem)})
        except NotPossible as problem:
            ack(response_action="update", view=forms.too_late(str(problem), text))
        else:
            ack()

    def dismiss(self, ack: Ack, body: Body, view: View) -> None:
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

    def snooze(self, ack: Ack, body: Body, view: View) -> None:
        number, because = filled.opened_at(view)["conversation"], filled.text_in(view, "because")
        until, field, they_write = filled.until_in(view)
        if not because.strip():
            ack(response_action="errors", errors={"because": "Write why, in a few words."})
            return
        try:
            self.desk.snooze(
                int(number), who(body), until, because.strip(), until_they_write=they_write
            )
        except CannotSnooze as problem:
            ack(response_action="errors", errors={field: _bare(problem)})
        except NotPossible as problem:
            ack(response_action="update", view=forms.too_late(str(problem)))
        else:
            ack()

    def what_if(self, ack: Ack, view: View) -> None:
        """Tell the last thirty days again; that takes longer than Slack waits for an ack."""
        team = self.desk.teams[str(filled.opened_at(view)["team"])]
        text = filled.text_in(view, whatif.WHAT_IF)
        ack(response_action="update", view=whatif.counting())
        told = self._told(team, text)
        time.sleep(SHOWN)
        self.client.views_update(view_id=view["id"], view=told)

    def _told(self, team: Team, text: str) -> View:
        try:
            was, would = simulate.what_if(
                self.desk.database, team, text, self.environment, self.desk.now()
            )
        except simulate.Unreadable as problem:
            return whatif.wrong(problem.problems, team, text)
        except Exception:  # after the ack, nobody else would tell
            log.exception("what_if.failed", team=team.name)
            return forms.too_late("That went wrong on my side. Nothing was changed. Try again.")
        return whatif.result(was, would, team)


def _bare(problem: NotPossible) -> str:
    """For a form's field, which shows no markup."""
    return unescape(str(problem)).replace("*", "").replace("`", "")
