"""Telling one person something, where they are looking."""

from collections.abc import Mapping
from http.client import HTTPException
from typing import Any

import structlog
from slack_sdk import WebClient
from slack_sdk.errors import SlackClientError

log = structlog.get_logger()

Body = Mapping[str, Any]
LOST = (SlackClientError, OSError, HTTPException)


class Whispers:
    """Nothing that is said here is owed: it lives for seconds, and only for one person."""

    def __init__(self, client: WebClient) -> None:
        self.client = client

    def tell(self, body: Body, sentence: str) -> None:
        """Beside what they pressed, or else directly."""
        if not (self._beside(body, sentence) or self._directly(body, sentence)):
            log.warning("whisper.lost", person=who(body))

    def _beside(self, body: Body, sentence: str) -> bool:
        if not (channel := where(body)):
            return False
        try:
            self.client.chat_postEphemeral(
                channel=channel, user=who(body), text=sentence, thread_ts=_thread(body)
            )
        except LOST:
            return False
        return True

    def _directly(self, body: Body, sentence: str) -> bool:
        try:
            self.client.chat_postMessage(channel=who(body), text=sentence)
        except LOST:
            return False
        return True


def who(body: Body) -> str:
    """Who did it: what Slack says, never what a button says."""
    if "event" in body:
        return str(body["event"]["user"])
    return str(body["user_id"] if "user_id" in body else body["user"]["id"])


def where(body: Body) -> str:
    """The channel it was done in; "" for forms and App Home."""
    return str(body.get("channel_id") or (body.get("channel") or {}).get("id") or "")


def _thread(body: Body) -> str | None:
    """The thread it was pressed in. A card begins one, and is seen in the channel."""
    message = body.get("message") or {}
    thread = message.get("thread_ts")
    return str(thread) if thread and thread != message.get("ts") else None
