"""Who somebody is in Slack: their name, language and groups, and whether they are one of us."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from http.client import HTTPException
from typing import Any

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError

from bot.domain.problems import NotPossible, Ours

KNOWN_FOR = timedelta(minutes=10)
LOST = (SlackClientError, OSError, HTTPException)
SOMEBODY = Ours("A colleague")
PAGE, PAGES = 200, 50  # members of a channel in one call, and such calls


class WhoAreYou(NotPossible):
    def __init__(self) -> None:
        super().__init__(
            Ours("Slack does not tell me who you are right now. Press again in a moment.")
        )


@dataclass(frozen=True, kw_only=True)
class Member:
    """A person as Slack knows them. A `guest` is no full member of this workspace."""

    id: str
    name: str = SOMEBODY
    locale: str = ""
    zone: str = "UTC"
    guest: bool = False
    gone: bool = False


class Members:
    """Asks Slack once, and again after ten minutes; what it once knew serves when Slack is away."""

    def __init__(self, client: WebClient, now: Callable[[], datetime]) -> None:
        self.client, self.now = client, now
        self._known: dict[tuple[str, str], tuple[datetime, Any]] = {}
        self._home = ""  # our own workspace

    def get(self, id: str) -> Member:
        """WhoAreYou when Slack can't be asked and never told before."""
        try:
            return self._remembered(("member", id), lambda: self._ask(id))  # type: ignore[no-any-return]
        except LOST as problem:
            raise WhoAreYou from problem

    def name(self, id: str) -> str:
        """How this person is called, for places that can't show a mention."""
        try:
            return self.get(id).name
        except WhoAreYou:
            return SOMEBODY

    def locale(self, id: str) -> str:
        """Their language, such as "de-DE"; "" while Slack can't be asked."""
        try:
            return self.get(id).locale
        except WhoAreYou:
            return ""

    def is_away(self, id: str) -> bool:
        """Whether this person can't be called any more: deactivated, or unknown here."""
        try:
            return self.get(id).gone
        except WhoAreYou:
            return False

    def groups(self, id: str, among: Iterable[str]) -> Sequence[str]:
        """Those of these user groups that this person is in."""
        return [group for group in among if id in self._group(group)]

    def channels(self, id: str, among: Iterable[str]) -> Sequence[str]:
        """Those of these channels that this person is in."""
        return [channel for channel in among if id in self._channel(channel)]

    def _ask(self, id: str) -> Member:
        try:
            found = self.client.users_info(user=id, include_locale=True)["user"]
        except SlackApiError as error:
            if error.response.get("error") in ("user_not_found", "user_not_visible"):
                return Member(id=id, guest=True, gone=True)
            raise
        profile = found.get("profile") or {}
        return Member(
            id=id,
            name=str(found.get("real_name") or profile.get("display_name") or "") or SOMEBODY,
            locale=str(found.get("locale") or ""),
            zone=str(found.get("tz") or "UTC"),
            guest=self._is_guest(found),
            gone=bool(found.get("deleted")),
        )

    def _is_guest(self, found: dict[str, Any]) -> bool:
        """A guest of ours, or somebody of another workspace in a channel that is shared."""
        marks = ("is_restricted", "is_ultra_restricted", "is_stranger")
        return any(found.get(mark) for mark in marks) or self._is_foreign(found)

    def _is_foreign(self, found: dict[str, Any]) -> bool:
        """In an organization of several workspaces, its people are no strangers."""
        if found.get("enterprise_user") or not found.get("team_id"):
            return False
        if not self._home:
            self._home = str(self.client.auth_test()["team_id"])
        return bool(found["team_id"] != self._home)

    def _group(self, group: str) -> frozenset[str]:
        def ask() -> frozenset[str]:
            return frozenset(self.client.usergroups_users_list(usergroup=group)["users"])

        return self._listed(("group", group), ask)

    def _channel(self, channel: str) -> frozenset[str]:
        def ask() -> frozenset[str]:
            found, cursor = set(), ""
            for _ in range(PAGES):
                page = self.client.conversations_members(
                    channel=channel, limit=PAGE, cursor=cursor or None
                )
                found |= set(page["members"])
                cursor = (page.get("response_metadata") or {}).get("next_cursor") or ""
                if not cursor:
                    break
            return frozenset(found)

        return self._listed(("channel", channel), ask)

    def _listed(self, key: tuple[str, str], ask: Callable[[], frozenset[str]]) -> frozenset[str]:
        """Who is in it; nobody while Slack can't be asked, so that nobody is let in by mistake."""
        try:
            return self._remembered(key, ask)  # type: ignore[no-any-return]
        except LOST:
            return frozenset()

    def _remembered(self, key: tuple[str, str], ask: Callable[[], Any]) -> Any:
        at, found = self._known.get(key, (None, None))
        if at is not None and self.now() - at <= KNOWN_FOR:
            return found
        try:
            found = ask()
        except LOST:
            if at is None:
                raise
        self._known[key] = (self.now(), found)
        return found
