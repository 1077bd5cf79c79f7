"""What goes wrong on our side: the person gets a sentence and a reference, the log the rest."""

from collections.abc import Mapping
from typing import Any
from uuid import uuid4

import structlog
from slack_bolt import BoltResponse
from slack_sdk import WebClient

from bot.slack.home import trouble
from bot.slack.tongue import _
from bot.slack.whispers import LOST, Body, Whispers, who
from storage.database import Unavailable

log = structlog.get_logger()


class Troubles:
    """The one error handler of all listeners."""

    def __init__(self, client: WebClient, whispers: Whispers) -> None:
        self.client, self.whispers = client, whispers

    def explain(
        self, error: Exception, body: Body, response: BoltResponse | None
    ) -> BoltResponse | None:
        """`response` is what the ack will be; None when it has been sent."""
        reference = uuid4().hex[:8]
        log.error("listener.failed", reference=reference, exc_info=error)
        sentence = sentence_for(error, reference)
        answer = _on_the_ack(body, sentence) if response else None
        if answer is None:
            self._tell(body, sentence)
        return answer or (BoltResponse(status=200, body="") if response else None)

    def _tell(self, body: Body, sentence: str) -> None:
        if "event" not in body:
            self.whispers.tell(body, sentence)
            return
        if body["event"].get("type") != "app_home_opened":
            return  # nobody waits for it
        try:
            self.client.views_publish(user_id=who(body), view=trouble(sentence))
        except LOST as problem:
            log.warning("home.lost", why=repr(problem))


def sentence_for(error: Exception, reference: str) -> str:
    if isinstance(error, Unavailable):
        told = _(
            "My database does not answer right now, so nothing was changed. Try again in a minute."
            " (Reference {reference})"
        )
    else:
        told = _(
            "Something went wrong on my side, and I can't say whether it was done. Look at the"
            " card, then try again. If it stays, tell whoever runs me: reference {reference}."
        )
    return told.format(reference=reference)


def _on_the_ack(body: Body, sentence: str) -> BoltResponse | None:
    """The answer that keeps a form open with everything in it, or that a command shows."""
    if body.get("type") == "view_submission":
        field = _field(body["view"])
        if field is None:
            return None
        errors = {"response_action": "errors", "errors": {field: sentence}}
        return BoltResponse(status=200, body=errors)
    if "command" in body:
        return BoltResponse(status=200, body={"response_type": "ephemeral", "text": sentence})
    return None


def _field(view: Mapping[str, Any]) -> str | None:
    """Where a form can say what is wrong: at the first thing that is filled in."""
    inputs = (block["block_id"] for block in view["blocks"] if block["type"] == "input")
    return next(inputs, None)
