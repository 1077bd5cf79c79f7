"""Speaking in Slack: post once, change, find again, and what Slack's refusals mean for us."""

import errno
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.client import HTTPException
from io import BytesIO
from socket import gaierror
from ssl import SSLCertVerificationError
from typing import Any
from urllib.error import URLError

from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web import SlackResponse

from bot.domain.delivery import Delivery, Refused, TryLater
from bot.domain.reply import Attachment
from bot.slack.blocks import Message
from bot.slack.client import Client
from bot.slack.written import (
    CHECK,
    FILE_GONE,
    INVITE,
    NAME_ANOTHER,
    SILENT_IN,
    SILENT_TO,
    UNARCHIVE,
)

PAGE = 100  # messages of history in one call
PAGES = 10
LONG = 200  # pages of a thread that is looked through to its end
EVER = datetime.fromtimestamp(0, UTC)
CARD, DIRECT = ":card", ":direct"  # what a delivery says besides, by its key and this
SKEW = timedelta(minutes=2)  # how far Slack's clock and ours may be apart

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
NOT_TO_BE_DELETED = {"cant_delete_message", "compliance_exports_prevent_deletion"}
UNDRAWN = ("invalid_blocks", "invalid_attachments")
BUSY = {"ratelimited", "rate_limited", "message_limit_exceeded", "request_timeout"}
BROKEN = {"internal_error", "fatal_error", "service_unavailable"}
MOVING = {"team_added_to_org", "org_login_required"}  # a workspace that changes its plan
UNREACHABLE = {errno.ENETUNREACH, errno.EHOSTUNREACH}


class ChannelGone(TryLater):
    """Nothing can be said there until somebody mends the channel or the settings."""

    def __init__(self, channel: str, error: str) -> None:
        mend = {"not_in_channel": INVITE, "is_archived": UNARCHIVE}.get(error, CHECK)
        if error in NOBODY:
            mend = NAME_ANOTHER
        said = SILENT_TO if channel[0] in "UW" else SILENT_IN
        super().__init__(
            said.format(channel=channel, person=channel, error=error, mend=mend),
            timedelta(minutes=5),
            surely_not_done=True,
        )


class NotDrawn(SlackApiError):
    """Slack can't show one of the blocks, such as a picture that it could not load."""


class MessageGone(Exception):
    """The message to be changed is not there any more: somebody deleted it."""


class CannotTakeBack(Exception):
    """Slack lets us neither delete a message nor change it: somebody there must."""


@dataclass(frozen=True)
class Posted:
    """One message of a thread, and whether we said it."""

    ts: str
    ours: bool


@dataclass(frozen=True)
class Ours:
    """A message of ours in a channel, by its delivery's key, and for a card by what it is about."""

    ts: str
    key: str
    about: str

    @property
    def at(self) -> datetime:
        return datetime.fromtimestamp(float(self.ts), UTC)


class Channel:
    """Every call has a timeout and is made once: only the outbox repeats."""

    def __init__(self, client: Client, now: Callable[[], datetime]) -> None:
        self.client, self.now = client, now
        self._known_as = ""

    def say(
        self,
        where: str,
        message: Message,
        delivery: Delivery,
        *,
        thread: str | None = None,
        aloud: bool = False,
        part: str = "",
        about: str = "",
        last_look: Callable[[], None] = lambda: None,
    ) -> str:
        """Post it, unless it is there already, and return its timestamp.

        `aloud` shows a threaded message in the channel as well; `part` tells apart the messages of
        one delivery; `about` is what a card can be known by when all else is lost; `last_look` may
        raise right before the call.
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
                metadata={"event_type": "delivery", "event_payload": _known_by(key, about)},
                unfurl_links=False,
                unfurl_media=False,
                **_content(message),
            )
        return str(posted["ts"])

    def change(self, where: str, ts: str, message: Message) -> None:
        with plain_errors(where):
            self.client.chat_update(channel=where, ts=ts, **_content(message))

    def take_back(self, where: str, ts: str, instead: Message) -> None:
        """Delete a message of ours; where that is not allowed, let it say something else.

        One that is not there any more is fine. Raises CannotTakeBack when it still says it.
        """
        place = self._direct(where) if where[0] in "UW" else where
        try:
            with plain_errors(where):
                self.client.chat_delete(channel=place, ts=ts)
        except MessageGone:
            return
        except SlackApiError as problem:
            if _code(problem) not in NOT_TO_BE_DELETED:
                raise
            self._overwrite(place, ts, instead)

    def _overwrite(self, where: str, ts: str, instead: Message) -> None:
        try:
            self.change(where, ts, instead)
        except MessageGone as problem:
            if str(problem) != "message_not_found":
                raise CannotTakeBack(str(problem)) from problem

    def take_back_file(self, id: str) -> None:
        """Delete a file that we have uploaded; one that is not there any more is fine."""
        try:
            with plain_errors("a file"):
                self.client.files_delete(file=id)
        except SlackApiError as problem:
            if _code(problem) not in ("file_not_found", "file_deleted"):
                raise CannotTakeBack(str(_code(problem))) from problem

    def clear_home(self, person: str, instead: Message) -> None:
        """What somebody's App Home shows, until they open it again."""
        blocks = [{"type": "section", "text": {"type": "mrkdwn", "text": instead.text}}]
        try:
            with plain_errors(person):
                self.client.views_publish(user_id=person, view={"type": "home", "blocks": blocks})
        except SlackApiError as problem:
            raise CannotTakeBack(str(_code(problem))) from problem

    def thread(self, where: str, ts: str) -> Sequence[Posted]:
        """What was said in a thread, without its first message; nothing where it is gone."""
        try:
            said = list(self._history(where, EVER, ts, pages=LONG))
        except MessageGone:
            return []
        me = self._me()
        answers = (message for message in said if str(message["ts"]) != ts)
        return [Posted(str(each["ts"]), ours=each.get("user") == me) for each in answers]

    def find(
        self, where: str, key: str, since: datetime, until: datetime | None = None
    ) -> str | None:
        """The message that carries this key; `until` is when it was said at the latest."""
        return _with_key(self._history(where, since - SKEW, None, until=until), key)

    def ours_since(self, where: str, since: datetime) -> Sequence[Ours]:
        """What we have said in a channel since then that can be known again; threads left out.

        Nothing where we may not look.
        """
        try:
            said = list(self._history(where, since - SKEW, None, pages=LONG))
        except TryLater as problem:
            cause = problem.__cause__
            if isinstance(cause, SlackApiError) and _code(cause) == "missing_scope":
                return []
            raise
        me = self._me() if said else ""
        return [_ours(each) for each in said if each.get("user") == me and _payload(each)]

    def _me(self) -> str:
        """Our own id among the workspace's users."""
        if not self._known_as:
            with plain_errors("the workspace"):
                self._known_as = str(self.client.auth_test()["user_id"])
        return self._known_as

    def file(self, file: Mapping[str, Any]) -> Attachment:
        """A file that a colleague put into a form, as it was then; Refused when it is gone."""
        try:
            with plain_errors("a file"):
                found = self.client.files_info(file=str(file["id"]))["file"]
                content = self.client.download(str(found["url_private_download"]))
        except SlackApiError as error:
            raise Refused(FILE_GONE.format(name=file["name"])) from error
        return Attachment(name=str(file["name"]), type=str(file["type"]), content=content or b"")

    def send_file(self, person: str, name: str, content: BytesIO, title: str) -> None:
        """By direct message."""
        with plain_errors(person):
            where = self._direct(person)
            self.client.files_upload_v2(
                channel=where, filename=name, file=content, title=title, initial_comment=title
            )

    def show(self, name: str, content: bytes) -> str:
        """Take a picture into Slack, where only those see it who see the card; returns its id."""
        try:
            with plain_errors("a picture"):
                made = self.client.files_upload_v2(filename=name, content=content)
        except SlackApiError as error:
            raise Refused(f"Slack does not take it ({_code(error)}).") from error
        return str(made["files"][0]["id"])

    def _find(self, where: str, key: str, delivery: Delivery, thread: str | None) -> str | None:
        """The message that carries this key, if an earlier attempt got through."""
        return _with_key(self._history(where, delivery.owed_at - SKEW, thread), key)

    def _direct(self, person: str) -> str:
        with plain_errors(person):
            return str(self.client.conversations_open(users=person)["channel"]["id"])

    def _history(
        self,
        where: str,
        since: datetime,
        thread: str | None,
        *,
        until: datetime | None = None,
        pages: int = PAGES,
    ) -> Iterator[dict[str, Any]]:
        asked: dict[str, Any] = {
            "channel": self._direct(where) if where[0] in "UW" else where,
            "oldest": str(since.timestamp()),
            "latest": str((until + SKEW).timestamp()) if until else None,
            "limit": PAGE,
            "include_all_metadata": True,
        }
        ask: Callable[..., SlackResponse] = self.client.conversations_history
        if thread:
            ask, asked["ts"] = self.client.conversations_replies, thread
        for _ in range(pages):
            with plain_errors(where):
                page = ask(**asked)
            yield from page["messages"]
            asked["cursor"] = (page.get("response_metadata") or {}).get("next_cursor")
            if not asked["cursor"]:
                return
        raise LookupError("The channel's history is too long to be looked through.")


def _with_key(messages: Iterator[dict[str, Any]], key: str) -> str | None:
    for message in messages:
        if _payload(message).get("key") == key:
            return str(message["ts"])
    return None


def _payload(message: Mapping[str, Any]) -> Mapping[str, Any]:
    return (message.get("metadata") or {}).get("event_payload") or {}


def _ours(message: Mapping[str, Any]) -> Ours:
    payload = _payload(message)
    key = str(payload.get("key")).removesuffix(CARD).removesuffix(DIRECT)
    return Ours(str(message["ts"]), key, str(payload.get("about") or ""))


def _known_by(key: str, about: str) -> dict[str, str]:
    return {"key": key, "about": about} if about else {"key": key}


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
    if code and code.startswith(UNDRAWN):
        return NotDrawn(str(error), error.response)  # type: ignore[no-untyped-call]
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
