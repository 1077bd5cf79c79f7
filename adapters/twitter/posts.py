"""X's posts as mentions, and their ids, which tell the time."""

import json
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

from twitter_text import extract_urls_with_indices

from adapters import Unreadable
from bot.domain.mention import QUOTES_US, Customer, Mention, Origin

Json = Mapping[str, Any]
EPOCH = datetime(2010, 11, 4, 1, 42, 54, 657000, tzinfo=UTC)  # X's ids count milliseconds from here
MILLISECOND = timedelta(milliseconds=1)
PICTURES = ("pic.x.com/", "pic.twitter.com/")
GONE = ("/resource-not-found", "/not-authorized-for-resource")
NO_LANGUAGE = {"und", "zxx", "art", "qam", "qct", "qht", "qme", "qst"}

PROTECTED = "This account is protected: X lets no app answer it."
CLOSED = "Its author lets only some people answer, and not us."
NOT_CALLED = (
    "It does not mention us, and X lets an app answer only people who do. Answer it in X itself."
)

FIELDS: Mapping[str, list[str]] = {
    "expansions": ["author_id", "referenced_tweets.id", "attachments.media_keys"],
    "tweet_fields": [
        "attachments",
        "author_id",
        "conversation_id",
        "created_at",
        "edit_history_tweet_ids",
        "entities",
        "in_reply_to_user_id",
        "lang",
        "note_tweet",
        "referenced_tweets",
        "reply_settings",
    ],
    "user_fields": ["name", "protected", "public_metrics", "username"],
    "media_fields": ["preview_image_url", "type", "url"],
}


@dataclass(frozen=True)
class Us:
    """The account we are signed in as."""

    id: str
    username: str


def id_at(moment: datetime) -> int:
    """The smallest id that a post of this moment can have."""
    return max((moment - EPOCH) // MILLISECOND, 0) << 22


def moment(id: int) -> datetime:
    return EPOCH + (id >> 22) * MILLISECOND


def ids(answer: Json) -> list[int]:
    """Those of all posts on the page, also of unreadable ones."""
    return [_id(post) for post in posts(answer) if _id(post)]


def posts(answer: Json) -> Sequence[Any]:
    """What it holds: many, none, or a single one."""
    found = answer.get("data") or []
    return found if isinstance(found, list) else [found]


def next_token(answer: Json) -> str | None:
    return (answer.get("meta") or {}).get("next_token")


def count(answer: Json) -> int:
    """How many posts X bills for it."""
    return len(posts(answer)) + len(included(answer, "tweets", "id"))


def newer(post: Any) -> list[str]:
    """The id of its newest edit, if it was edited."""
    history = post.get("edit_history_tweet_ids") if isinstance(post, dict) else None
    return [str(history[-1])] if history and len(history) > 1 else []


def gone(answer: Json) -> list[str]:
    """Ids of posts that X no longer shows: deleted, or hidden with their author."""
    told = answer.get("errors")
    errors = [e for e in told if isinstance(e, dict)] if isinstance(told, list) else []
    asked = [e for e in errors if e.get("parameter") == "ids"]
    return [str(e.get("value")) for e in asked if str(e.get("type")).endswith(GONE)]


def answers(post: Any, answer: Json, mention: Mention, text: str) -> bool:
    """Whether this post of ours is that answer to it."""
    try:
        to = parent(post, answer)
        return to in (mention.key, mention.revision) and same_words(_without_media(post), text)
    except (AttributeError, KeyError, TypeError):
        return False


def included(answer: Json, kind: str, key: str) -> dict[str, Any]:
    """What the answer tells about users, media or other posts, by their ids."""
    includes = answer.get("includes")
    items = includes.get(kind) if isinstance(includes, dict) else None
    known = items if isinstance(items, list) else ()
    return {str(item[key]): item for item in known if isinstance(item, dict) and key in item}


def read(answer: Json, account: str, us: Us) -> tuple[list[Mention], list[Unreadable]]:
    """One page, oldest first. What can't be understood does not stop the rest."""
    mentions, unreadable = [], []
    for post in sorted(posts(answer), key=_id):
        try:
            mentions.append(mention(post, answer, account, us))
        except (AttributeError, IndexError, KeyError, OverflowError, TypeError, ValueError) as why:
            unreadable.append(_unreadable(post, why))
    return mentions, unreadable


def mention(post: Json, answer: Json, account: str, us: Us) -> Mention:
    author = included(answer, "users", "id")[post["author_id"]]
    history = post.get("edit_history_tweet_ids") or [post["id"]]
    thread = str(post.get("conversation_id") or history[0])
    return Mention(
        account=account,
        key=str(history[0]),
        revision=str(history[-1]),
        thread=str(history[0]) if thread in history else thread,
        parent=parent(post, answer),
        customer=_customer(author, account.partition(":")[0]),
        text=_text(post),
        posted_at=_posted_at(post, history),
        url=f"https://x.com/{author['username']}/status/{post['id']}",
        origin=_origin(post, us),
        no_reply=_no_reply(post, author, answer, us),
        media=tuple(_media(post, answer)),
        language=None if post.get("lang") in NO_LANGUAGE else post.get("lang"),
        extra={QUOTES_US: True} if _quotes_us(post, answer, us) else {},
    )


def parent(post: Json, answer: Json) -> str | None:
    """The key of the post it answers: its first id, even if the answer is to a later edit."""
    for answered in _referenced(post, "replied_to"):
        known = included(answer, "tweets", "id").get(answered, {})
        return str((known.get("edit_history_tweet_ids") or [answered])[0])
    return None


def same_words(one: str, other: str) -> bool:
    """Whether X made the one from the other: it rewrites links and puts @names in front."""
    return _bare(one) == _bare(other)


def _bare(text: str) -> str:
    for link in reversed(extract_urls_with_indices(text)):
        start, end = link["indices"]
        text = f"{text[:start]} \N{LINK SYMBOL} {text[end:]}"
    words = " ".join(unicodedata.normalize("NFC", text).split())
    return re.sub(r"^(?:@\w+ ?)+", "", words)


def full_text(post: Json) -> str:
    """As it was typed, but for X's own short links."""
    text = (post.get("note_tweet") or post)["text"]
    return clean(text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&"))


def clean(text: str) -> str:
    """Without what no database takes: NUL, and halves of characters."""
    return text.replace("\0", "").encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _without_media(post: Json) -> str:
    """X puts a link to each post's pictures behind its words."""
    text = full_text(post)
    for link in _entities(post, "urls"):
        if "media_key" in link or str(link.get("display_url", "")).startswith(PICTURES):
            text = text.replace(link["url"], "").rstrip()
    return text


def _text(post: Json) -> str:
    text = _without_media(post)
    for link in _entities(post, "urls"):
        text = text.replace(link["url"], link["expanded_url"])
    return text


def _entities(post: Json, kind: str) -> Iterable[Any]:
    for source in (post, post.get("note_tweet") or {}):
        yield from (source.get("entities") or {}).get(kind) or ()


def _customer(author: Json, platform: str) -> Customer:
    return Customer(
        platform=platform,
        key=str(author["id"]),
        handle=f"@{author['username']}",
        name=clean(author.get("name") or author["username"]),
        url=f"https://x.com/{author['username']}",
        followers=(author.get("public_metrics") or {}).get("followers_count"),
    )


def _posted_at(post: Json, history: Sequence[str]) -> datetime:
    """An edit is a new post to X; the customer waits since the first one."""
    if len(history) > 1:
        return moment(int(history[0]))
    return datetime.fromisoformat(post["created_at"]).astimezone(UTC)


def _origin(post: Json, us: Us) -> Origin:
    if post["author_id"] == us.id:
        return Origin.OWN
    return Origin.REPOST if any(_referenced(post, "retweeted")) else Origin.CUSTOMER


def _no_reply(post: Json, author: Json, answer: Json, us: Us) -> str:
    if post["author_id"] == us.id:
        return ""
    called = any(str(who.get("id")) == us.id for who in _entities(post, "mentions"))
    if author.get("protected"):
        return PROTECTED
    if not called and post.get("reply_settings", "everyone") != "everyone":
        return CLOSED
    return "" if called or _quotes_us(post, answer, us) else NOT_CALLED


def _quotes_us(post: Json, answer: Json, us: Us) -> bool:
    others = included(answer, "tweets", "id")
    quoted = (others.get(id, {}) for id in _referenced(post, "quoted"))
    return any(other.get("author_id") == us.id for other in quoted)


def _referenced(post: Json, how: str) -> list[str]:
    return [
        str(other["id"]) for other in post.get("referenced_tweets") or () if other["type"] == how
    ]


def _media(post: Json, answer: Json) -> Iterable[str]:
    known = included(answer, "media", "media_key")
    for key in (post.get("attachments") or {}).get("media_keys") or ():
        seen = known.get(key, {})
        if link := seen.get("url") or seen.get("preview_image_url"):
            yield link


def _id(post: Any) -> int:
    """0: it has none that X could have given."""
    id = str(post.get("id")) if isinstance(post, dict) else ""
    return int(id) if re.fullmatch("[0-9]{1,19}", id) else 0


def _unreadable(post: Any, why: Exception) -> Unreadable:
    raw = json.dumps(post)
    name = _id(post) or sha256(raw.encode()).hexdigest()[:16]
    return Unreadable(key=str(name), raw=raw, problem=repr(why))
