"""Speaking in Slack: post once, change, find again, and what Slack's refusals mean for us."""

import errno
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from http.client import HTTPException
from socket import gaierror
from ssl import SSLCertVerificationError
from typing import Any
from urllib.error import URLError

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web import SlackResponse

from bot.domain.delivery import Delivery, TryLater
from bot.slack.blocks import Message

PAGE = 100  # messages of history in one call
PAGES = 10
SKEW = timedelta(minutes=2)  # how far Slack's clock and ours may be apart
KNOWN_FOR = timedelta(minutes=10)

TOKEN = {
    "invalid_auth",
    "not_authed",
    "account_inactive",
    "token_revoked",
    "token_expired",
    "missing_scope",
    "not_allowed_token_type",
    "no_permission",
}
NOWHERE = ("channel_not_found", "not_in_channel", "is_archived", "restricted_action")
NOBODY = ("user_not_found", "user_disabled", "cannot_dm_bot", "messages_tab_disabled")
GONE = {"message_not_found", "cant_update_message", "edit_window_closed", "thread_not_found"}
BUSY = {"ratelimited", "rate_limited", "message_limit_exceeded", "request_timeout"}
BROKEN = {"internal_error", "fatal_error", "service_unavailable"}
MOVING = {"team_added_to_org", "org_login_required"}  # a workspace that changes its plan
UNREACHABLE = {errno.ENETUNREACH, errno.EHOSTUNREACH}


class ChannelGone(TryLater):
    """Nothing can be said there until somebody mends the channel or the settings."""

    def __init__(self, channel: str, error: str) -> None:
        mend = {
            "not_in_channel": "Invite the bot there: `/invite @Unanswered`.",
            "is_archived": "Unarchive it, or name another in teams.toml.",
        }.get(error, "Check `channel` in teams.toml, and invite the bot to it.")
        if error in NOBODY:
            mend = "Name somebody else in teams.toml."
        whom = f"to <@{channel}>" if channel[0] in "UW" else f"in <#{channel}>"
        super().__init__(
            f"I can't speak {whom} ({error}). {mend} Nothing is lost: it waits.",
            timedelta(minutes=5),
            surely_not_done=True,
        )


class MessageGone(Exception):
    """The message to be changed is not there any more: somebody deleted it."""


class Channel:
    """Every call has a timeout and is made once: only the outbox repeats."""

    def __init__(self, client: WebClient, now: Callable[[], datetime]) -> None:
        self.client, self.now = client, now
        self._people: dict[str, tuple[datetime, dict[str, Any]]] = {}

    def say(
        self,
        where: str,
        message: Message,
        delivery: Delivery,
        *,
        thread: str | None = None,
        aloud: bool = False,
        part: str = "",
        last_look: Callable[[], None] = lambda: None,
    ) -> str:
        """Post it, unless it is there already, and return its timestamp.

        `aloud` shows a threaded message in the channel as well; `part` tells apart the messages of
        one delivery; `last_look` may raise right before the call.
        """
        key = delivery.key + part
        if delivery.may_have_happened and (ts := self._find(where, key, delivery, thread)):
            return ts
        last_look()
        with plain_errors(where):
            posted = self.client.chat_postMessage(
                channel=where,
                thread_ts=thread,
                reply_broadcast=aloud or None,
                metadata={"event_type": "delivery", "event_payload": {"key": key}},
                unfurl_links=False,
                unfurl_media=False,
                **_content(message),
            )
        return str(posted["ts"])

    def change(self, where: str, ts: str, message: Message) -> None:
        with plain_errors(where):
            self.client.chat_update(channel=where, ts=ts, **_content(message))

    def is_away(self, person: str) -> bool:
        """Whether this person can't be called any more: deactivated, or unknown here."""
        try:
            return bool(self._known(person).get("deleted"))
        except SlackApiError as error:
            return _code(error) == "user_not_found"
        except (SlackClientError, OSError, HTTPException):
            return False

    def name(self, person: str) -> str:
        """How this person is called, for places that can't show a mention."""
        try:
            found = self._known(person)
        except (SlackClientError, OSError, HTTPException):
            return "A colleague"
        profile = found.get("profile", {})
        return str(profile.get("display_name") or found.get("real_name") or "A colleague")

    def _known(self, person: str) -> dict[str, Any]:
        asked_at, found = self._people.get(person, (None, {}))
        if asked_at is None or self.now() - asked_at > KNOWN_FOR:
            found = self.client.users_info(user=person)["user"]
            self._people[person] = (self.now(), found)
        return found

    def _find(self, where: str, key: str, delivery: Delivery, thread: str | None) -> str | None:
        """The message that carries this key, if an earlier attempt got through."""
        for message in self._history(where, delivery.owed_at - SKEW, thread):
            payload = (message.get("metadata") or {}).get("event_payload", {})
            if payload.get("key") == key:
                return str(message["ts"])
        return None

    def _direct(self, person: str) -> str:
        with plain_errors(person):
            return str(self.client.conversations_open(users=person)["channel"]["id"])

    def _history(self, where: str, since: datetime, thread: str | None) -> Iterator[dict[str, Any]]:
        asked: dict[str, Any] = {
            "channel": self._direct(where) if where[0] in "UW" else where,
            "oldest": str(since.timestamp()),
            "limit": PAGE,
            "include_all_metadata": True,
        }
        ask: Callable[..., SlackResponse] = self.client.conversations_history
        if thread:
            ask, asked["ts"] = self.client.conversations_replies, thread
        for _ in range(PAGES):
            with plain_errors(where):
                page = ask(**asked)
            yield from page["messages"]
            asked["cursor"] = (page.get("response_metadata") or {}).get("next_cursor")
            if not asked["cursor"]:
                return
        raise LookupError("The channel's history is too long to be looked through.")


def _content(message: Message) -> dict[str, Any]:
    """Always text and blocks: text alone would remove the blocks of a message that is changed."""
    return {"text": message.text, "blocks": list(message.blocks) if message.blocks else None}


@contextmanager
def plain_errors(where: str) -> Iterator[None]:
    """Turn what Slack says into what it means for us."""
    try:
        yield
    except SlackApiError as error:
        raise _meaning(error, where) from error
    except URLError as error:
        sure = _never_left(error.reason)
        raise TryLater(f"Slack can't be reached: {error.reason}", surely_not_done=sure) from error
    except (OSError, HTTPException, SlackClientError) as error:
        raise TryLater(f"Slack's answer was lost: {error!r}") from error


def _meaning(error: SlackApiError, where: str) -> Exception:
    status = error.response.status_code
    code = _code(error)
    if status == 429 or code in BUSY:
        wait = timedelta(seconds=float(error.response.headers.get("Retry-After") or 30))
        return TryLater("Slack asks us to be slower.", wait, surely_not_done=True)
    if status >= 500 or code in BROKEN or not _is_from_slack(code):
        return TryLater(f"Slack has a problem of its own ({status}).")
    if code in MOVING:
        return TryLater(f"Slack is moving this workspace ({code}).", surely_not_done=True)
    if code in TOKEN:
        why = f"Slack does not accept the bot's token ({code}). `python -m bot check` says more."
        return TryLater(why, timedelta(minutes=1), surely_not_done=True)
    if code and code.startswith((*NOWHERE, *NOBODY)):
        return ChannelGone(where, code)
    return MessageGone(code) if code in GONE else error


def _code(error: SlackApiError) -> str | None:
    """What Slack calls the problem; None where something else answered in its place."""
    return error.response.data.get("error") if isinstance(error.response.data, dict) else None


def _is_from_slack(code: str | None) -> bool:
    """A page of a proxy in between is no answer of Slack's; the SDK puts it where the code is."""
    return code is not None and " " not in code


def _never_left(reason: object) -> bool:
    """Whether the request surely did not reach Slack."""
    if isinstance(reason, ConnectionRefusedError | gaierror | SSLCertVerificationError):
        return True
    return isinstance(reason, OSError) and reason.errno in UNREACHABLE
