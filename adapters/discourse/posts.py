"""A forum's posts as mentions, whether they were listed or come with a webhook."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from adapters.readable import cut, fingerprint, from_html, tidied
from bot.domain.mention import Customer, Mention, Origin

Item = Mapping[str, Any]

REGULAR = (1, 2)  # post_type: a post, and one that a moderator has coloured
WHISPER = 4
HIDDEN = "It was flagged and is hidden, so nobody can read it. Show it again in Discourse first."


@dataclass(frozen=True, kw_only=True)
class Forum:
    """Where it is, who of its people speak for us, and what of it concerns us.

    `categories` are numbers and `words` anything; none: all of them.
    """

    account: str
    url: str
    ours: Collection[str]  # user names, in lower case
    staff: bool  # whether its admins and moderators speak for us
    categories: Collection[int] = ()
    words: re.Pattern[str] | None = None

    def concerns(self, item: Item) -> bool:
        """Our own posts always do, so that a colleague's answer is seen; and what answers them."""
        if self.is_ours(item) or _private(item):
            return True
        if self.categories and item.get("category_id") not in self.categories:
            return False
        named = self.words is None or self.words.search(f"{item.get('topic_title')}\n{words(item)}")
        return bool(named) or self._answers_us(item)

    def is_ours(self, item: Item) -> bool:
        known = str(item.get("username")).casefold() in self.ours
        return known or item.get("yours") is True or (self.staff and item.get("staff") is True)

    def mention(self, item: Item, parent: int | None, *, public: bool = True) -> Mention:
        """`parent` is the id of the post that it answers."""
        text, hidden = words(item), item.get("hidden") is True
        return Mention(
            account=self.account,
            key=str(int(item["id"])),
            thread=str(int(item["topic_id"])),
            parent=str(parent) if parent else None,
            customer=self._customer(item),
            text=text,
            posted_at=datetime.fromisoformat(str(item["created_at"])).astimezone(UTC),
            url=self.address(item),
            subject=tidied(str(item.get("topic_title") or "")),
            revision=f"{fingerprint(text)}{' hidden' * hidden}",
            origin=self._origin(item),
            public=public and not _private(item) and item.get("post_type") != WHISPER,
            deleted=gone(item),
            no_reply=HIDDEN if hidden else "",
        )

    def address(self, item: Item) -> str:
        slug = str(item.get("topic_slug") or "-")
        return f"{self.url}/t/{slug}/{int(item['topic_id'])}/{int(item['post_number'])}"

    def _origin(self, item: Item) -> Origin:
        """Discourse's own users have negative numbers: the system, and its robot."""
        if item.get("post_type", REGULAR[0]) not in REGULAR or int(item["user_id"]) < 0:
            return Origin.AUTOMATED
        return Origin.OWN if self.is_ours(item) else Origin.CUSTOMER

    def _customer(self, item: Item) -> Customer:
        user = str(item["username"])
        return Customer(
            platform=self.account.partition(":")[0],
            key=str(int(item["user_id"])),
            handle=f"@{user}",
            name=tidied(str(item.get("name") or user)),
            url=f"{self.url}/u/{user}",
        )

    def _answers_us(self, item: Item) -> bool:
        answered = item.get("reply_to_user")
        name = answered.get("username") if isinstance(answered, dict) else None
        return str(name).casefold() in self.ours


def words(item: Item) -> str:
    """As they were typed, in Markdown; a payload may bring them as HTML only."""
    raw = item.get("raw")
    return cut(tidied(raw if isinstance(raw, str) else from_html(str(item["cooked"]))))


def gone(item: Item) -> bool:
    """Deleted, by whomever; of what its author deletes Discourse shows a stub for a day."""
    return bool(item.get("deleted_at") or item.get("user_deleted"))


def second(item: Any) -> int:
    """When it was posted, since 1970; 0: nobody knows."""
    try:
        return max(0, int(datetime.fromisoformat(str(item["created_at"])).timestamp()))
    except (KeyError, TypeError, ValueError, OverflowError):
        return 0


def _private(item: Item) -> bool:
    """Webhooks say so; a list has only the ones or only the others."""
    return item.get("topic_archetype") == "private_message"
