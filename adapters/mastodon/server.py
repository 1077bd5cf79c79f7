"""What is asked of one Mastodon server, through Mastodon.py, and what it says of itself.

https://docs.joinmastodon.org/methods/; GoToSocial, Pleroma and others speak the same.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from time import sleep
from typing import Any

import mastodon

from adapters.mastodon import statuses
from adapters.mastodon.line import Asker, Declined, Line
from adapters.mastodon.statuses import Json, Limits, Us
from bot.domain.delivery import LockedOut, Refused, TryLater
from bot.domain.reply import Attachment, Sent

MENTIONS, OWN = "notifications", "own"
PAGE = 40  # statuses: as many as Mastodon shows at once
LOOKUP = 20  # statuses that are asked for at once
READY = 20  # how often we ask whether a file is ready; `PATIENCE` ends sooner
PAUSE = 1.0  # seconds between two of them
NEEDED = ("read:accounts", "read:notifications", "read:statuses", "write:media", "write:statuses")
SEARCH = "read:search"
DROPPED = {  # what a notification policy can throw away, before anybody could read it
    "for_not_following": "of people whom the account does not follow",
    "for_not_followers": "of people who do not follow the account",
    "for_new_accounts": "of new accounts",
    "for_private_mentions": "in private",
    "for_limited_accounts": "of accounts that moderators have limited",
}


class Server:
    """One server, and the account there whose token it is; `setting` and `address` name settings.

    Each method may raise `TryLater` and `LockedOut`; `Declined` where it says so.
    """

    def __init__(
        self, url: str, token: str, now: Callable[[], datetime], *, setting: str, address: str
    ) -> None:
        self.url, self.line = url, Line()
        self.client = mastodon.Mastodon(
            access_token=token,
            api_base_url=url,
            session=self.line,
            ratelimit_method="throw",
            mastodon_version=mastodon.Mastodon.get_supported_version(),
            version_check_mode="created",  # by the version given here: no server is asked for it
        )
        self.asker = Asker(self.line, url, now, token=setting, address=address)
        self.site, self.ask = self.asker.site, self.asker.ask

    # Who we are, and what we may

    def who(self) -> Us:
        try:
            told = self.ask(self.client.account_verify_credentials, needs="read:accounts")
            return Us(*(str(told[name]) for name in ("id", "acct", "url")))
        except Declined as no:
            if no.status != 422:
                raise TryLater(f"{self.site} does not say who we are: {no.why}") from no
            raise LockedOut(
                f"{self.asker.token} belongs to an application and to no account. Take the access"
                " token that is shown in the brand's own account."
            ) from no
        except (KeyError, TypeError) as odd:
            raise self.asker.nonsense() from odd

    def limits(self, *, surely: bool = False) -> Limits:
        """As the server says; as Mastodon has them where it does not. `surely`: it must be one."""
        for call in (self.client.instance_v2, self.client.instance_v1):
            try:
                told = self.ask(call, needs="read")
            except Declined:
                continue
            except TryLater as later:
                if later.surely_not_done or not surely:
                    raise
                continue
            if isinstance(told, dict) and ("domain" in told or "uri" in told):
                return Limits.told(told)
        if surely:
            raise LockedOut(f"There is no Mastodon at {self.url}. Look at {self.asker.address}.")
        return Limits()

    def must_allow(self, *needed: str) -> None:
        """Name all that the token may not do, before something fails for want of it."""
        try:
            told = self.ask(self.client.app_verify_credentials, needs="read")
            granted = {str(one) for one in told["scopes"]}
        except (Declined, LockedOut, KeyError, TypeError):
            return  # other servers do not tell; then each call does
        lacks = [one for one in needed if not {one, one.partition(":")[0]} & granted]
        if lacks:
            raise LockedOut(
                f"{self.asker.token} lacks the scopes {', '.join(lacks)}. Tick them at the"
                " application, save it, and copy the new access token."
            )

    def dropped(self) -> Sequence[str]:
        """Whose mentions the account's own settings throw away; filtered ones are read."""
        try:
            told = self.ask(self.client.notifications_policy, needs="read:notifications")
        except (Declined, LockedOut, TryLater):
            return ()
        known = told if isinstance(told, dict) else {}
        return [what for name, what in DROPPED.items() if known.get(name) == "drop"]

    # What is there

    def page(self, source: str, us: Us, **asked: Any) -> Sequence[Any]:
        """A part of one list, newest first as every server has it; `Declined` where it won't."""
        asked = {"limit": PAGE, **asked}
        client = self.client
        if source == MENTIONS:
            kinds, needs = list(statuses.KINDS), "read:notifications"
            return self._list(client.notifications, types=kinds, needs=needs, **asked)
        if source == OWN:
            asked |= {"exclude_reblogs": True, "needs": "read:statuses"}
            return self._list(client.account_statuses, us.id, **asked)
        if source.startswith("#"):
            tag = source.strip("#")
            return self._list(client.timeline_hashtag, tag, needs="read:statuses", **asked)
        how = {"result_type": "statuses", "resolve": False, "needs": SEARCH, **asked}
        answer = self.ask(client.search_v2, source, **how)
        return self._sure(answer.get("statuses") if isinstance(answer, dict) else None)

    def status(self, key: str) -> Json | None:
        """None: it is not there, or not for us."""
        try:
            status = self.ask(self.client.status, key, needs="read:statuses")
        except Declined as no:
            if no.gone:
                return None
            raise TryLater(f"{self.site} does not show us a post: {no.why}") from no
        if not isinstance(status, dict):
            raise self.asker.nonsense()
        return status

    def looked_at(self, keys: Sequence[str]) -> Iterator[tuple[str, Json | None]]:
        """Each with what it is now; many at once where the server can (Mastodon 4.3).

        What is left out then is asked for alone: only that it is not found says that it is gone.
        """
        for start in range(0, len(keys), LOOKUP):
            some = keys[start : start + LOOKUP]
            known = {id: one for one in self._many(some) for id in statuses.ids([one])}
            yield from ((key, known.get(key) or self.status(key)) for key in some)

    def ancestors(self, key: str) -> Sequence[str]:
        """What a post answers, what that answers, and so on: the first is the oldest."""
        try:
            told = self.ask(self.client.status_context, key, needs="read:statuses")
        except Declined:
            return ()
        found = told.get("ancestors") if isinstance(told, dict) else None
        return statuses.ids(found) if isinstance(found, list) else ()

    def _many(self, keys: Sequence[str]) -> Sequence[Any]:
        try:
            return self._list(self.client.statuses, list(keys), needs="read:statuses")
        except (Declined, TryLater):
            return ()

    def _list(self, call: Callable[..., Any], *args: Any, **how: Any) -> Sequence[Any]:
        return self._sure(self.ask(call, *args, **how))

    def _sure(self, found: Any) -> Sequence[Any]:
        if not isinstance(found, list):
            raise self.asker.nonsense()
        return found

    # What is published

    def publish(self, status: str, **how: Any) -> Sent:
        """May raise `Declined`, as do `edit` and `delete`."""
        return self._sent(self.ask(self.client.status_post, status, needs="write:statuses", **how))

    def edit(self, was: Json, status: str, spoiler_text: str | None) -> Sent:
        """An edit that does not name its files would drop them."""
        files = statuses.ids(was.get("media_attachments") or ())
        how: dict[str, Any] = {"media_ids": files} if files else {}
        how |= {"spoiler_text": spoiler_text, "needs": "write:statuses"}
        return self._sent(self.ask(self.client.status_update, was["id"], status, **how))

    def delete(self, key: str) -> None:
        self.ask(self.client.status_delete, key, needs="write:statuses")

    def upload(self, file: Attachment) -> str:
        """The server's id of it. Until the post is made nobody sees it, so nothing has happened."""
        try:
            return self._ready(file)
        except Declined as no:
            raise Refused(f"{self.site} does not take {file.name}: {no.why}") from no
        except TryLater as later:
            later.surely_not_done = True
            raise

    def _ready(self, file: Attachment) -> str:
        """Animations are worked on for a while before a post can show them."""
        how = {"mime_type": file.type, "file_name": file.name, "needs": "write:media"}
        told = self.ask(self.client.media_post, file.content, **how)
        for _ in range(READY):
            key = self._sent(told).key
            if told.get("url"):
                return key
            sleep(PAUSE)
            told = self.ask(self.client.media, key, needs="write:media")
        raise TryLater(f"{self.site} has not finished with the file.")

    def _sent(self, told: Any) -> Sent:
        """Of what was made, the id and the address."""
        if not (key := next(iter(statuses.ids([told])), "")):
            raise self.asker.nonsense()
        return Sent(key=key, url=statuses.link(told.get("url")))

    def sent(self, status: Mapping[str, Any]) -> Sent:
        return self._sent(status)
