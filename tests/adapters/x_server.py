"""A strict X on this machine: the part of its API v2 that we use, over real HTTP.

Keys and OAuth signatures are checked, parameters that X does not know are refused, a field comes
only to those who ask for it. What goes wrong at X goes wrong here when told: `fail`, `hang`,
`drip`, `lose_next_answer`, posts that are listed late.
"""

import base64
import hashlib
import hmac
import json
import re
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler
from socket import SHUT_RDWR, SO_RCVBUF, SOL_SOCKET
from threading import RLock
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from twitter_text import extract_urls_with_indices, parse_tweet

from adapters import scope
from tests.adapters.listener import Line, Listener

KEYS = {
    "X_CONSUMER_KEY": "ck-acme",
    "X_CONSUMER_SECRET": "cs-acme",
    "X_ACCESS_TOKEN": "at-acme",
    "X_ACCESS_TOKEN_SECRET": "ats-acme",
}
BRAND = "acme"
EPOCH = datetime(2010, 11, 4, 1, 42, 54, 657000, tzinfo=UTC)
LIMIT, CAP, OWN_CAP, SEARCHABLE = 280, 800, 3200, timedelta(days=7)
FIELDS = {"expansions", "tweet.fields", "user.fields", "media.fields"}
PAGED = FIELDS | {"max_results", "since_id"}
ALLOWED = {
    "me": {"user.fields"},
    "mentions": PAGED | {"pagination_token"},
    "own": PAGED | {"pagination_token", "exclude"},
    "search": PAGED | {"next_token", "query"},
    "lookup": FIELDS | {"ids"},
    "status": {"command", "media_id"},
}
UPLOAD = "/2/media/upload"
POSTED = {"text", "reply", "media"}  # what else X knows, we do not use
UPLOADED = {"media", "media_category", "media_type", "shared", "additional_owners"}
BEGINNINGS = {
    b"\xff\xd8\xff": "image/jpeg",
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"RIFF": "image/webp",
    b"GIF8": "image/gif",
}
LARGEST = {"tweet_image": 5_242_880, "tweet_gif": 15_728_640}  # bytes
PROBLEMS = "https://api.twitter.com/2/problems"
DUPLICATE = "You are not allowed to create a Tweet with duplicate content."
NOT_SUMMONED = (
    "Reply to this conversation is not allowed because you have not been mentioned or otherwise"
    " engaged by the author of the post you are replying to."
)
INVISIBLE = "You attempted to reply to a Tweet that is deleted or not visible to you."


@dataclass(frozen=True)
class User:
    id: str
    username: str
    name: str
    protected: bool = False
    followers: int = 10

    def told(self, wanted: set[str]) -> dict[str, Any]:
        more = {"protected": self.protected, "public_metrics": {"followers_count": self.followers}}
        asked = {name: value for name, value in more.items() if name in wanted}
        return {"id": self.id, "username": self.username, "name": self.name, **asked}


@dataclass(frozen=True, kw_only=True)
class Post:
    """One version of a post; all versions share `history`, which begins with the first one's id."""

    id: int
    by: str
    text: str
    at: datetime
    history: tuple[int, ...]
    conversation: int
    replied_to: int | None = None
    quoted: int | None = None
    reposted: int | None = None
    listed_at: datetime | None = None
    reply_settings: str = "everyone"
    media: Mapping[str, Any] = field(default_factory=dict)
    files: tuple["Media", ...] = ()
    raw: Mapping[str, Any] | None = None  # what is answered instead, when it is spoilt


@dataclass(frozen=True)
class Media:
    """A file that was uploaded."""

    id: str
    type: str
    content: bytes

    @property
    def told(self) -> dict[str, Any]:
        kind = "animated_gif" if self.type == "image/gif" else "photo"
        url = f"https://pbs.twimg.com/media/{self.id}.jpg"
        return {"media_key": f"3_{self.id}", "type": kind, "url": url}


@dataclass(frozen=True)
class Answer:
    """What the brand published in answer to somebody, and has not deleted."""

    id: str
    in_reply_to: str
    text: str
    files: tuple[Media, ...] = ()


@dataclass
class Fault:
    """What happens to the next matching request; `done`: after X has done what it asks."""

    on: str
    act: Callable[["Handler", "Reply"], None]
    done: bool
    times: int
    name: str


@dataclass
class Reply:
    status: int
    body: Any
    headers: dict[str, str] = field(default_factory=dict)


class Problem(Exception):
    def __init__(self, status: int, title: str, detail: str, **more: Any) -> None:
        super().__init__(detail)
        body = {"title": title, "detail": detail, "type": "about:blank", "status": status, **more}
        self.reply = Reply(status, body)


def invalid(parameter: str, value: object, message: str) -> Problem:
    error = {"parameters": {parameter: [str(value)]}, "message": message}
    detail, kind = "One or more parameters to your request was invalid.", "/invalid-request"
    return Problem(400, "Invalid Request", detail, errors=[error], type=PROBLEMS + kind)


class XServer(Listener):
    """X, with the brand @acme and whoever posts. Start it with `with`; `url` is where it is."""

    def __init__(self, clock: Callable[[], datetime] | None = None) -> None:
        self.clock = clock or (lambda: datetime.now(UTC))
        self.users: dict[str, User] = {}
        self.posts: dict[int, Post] = {}
        self.deleted: set[int] = set()
        self.media: dict[str, Media] = {}
        self.checks = 0  # how often X must be asked before an animation is ready
        self.spoils_media = False  # X fails to make anything of it
        self.slow = 0.0  # seconds before it begins to read a file
        self.requests: list[str] = []  # "POST /2/tweets"
        self.reads = 0  # posts that were given out, as X bills them
        self.strict = True  # refuses the same words twice; other platforms do not
        self.stuck = False  # pages that lead to themselves
        self.shuffled = False  # pages out of order, and with what the page before had
        self.struck: Counter[str] = Counter()  # what has really hit a request
        self._faults: list[Fault] = []
        self._published: set[tuple[str, int | None]] = set()
        self._last = 0
        self._lock = RLock()
        super().__init__(Handler)
        self._http.socket.setsockopt(SOL_SOCKET, SO_RCVBUF, 65_536)  # so that a pause is felt
        self.user(BRAND, name="Acme")

    def environment(self, account: str = "twitter") -> dict[str, str]:
        """The settings of an account that reads from here."""
        values = {**KEYS, "X_API_URL": self.url, "X_EVERY": "1"}
        return {scope(account, name): value for name, value in values.items()}

    # What people do

    def user(self, username: str, **more: Any) -> User:
        """The one of this name; with `name`, `protected` or `followers` it is changed."""
        with self._lock:
            number = str(7_000_000_000 + len(self.users))
            known = self.users.get(username) or User(number, username, username.title())
            self.users[username] = replace(known, **more)
            return self.users[username]

    def post(
        self,
        text: str,
        *,
        by: str = "mira",
        parent: str | None = None,
        late: timedelta = timedelta(0),
        **more: Any,
    ) -> str:
        """Someone writes, to @acme unless it is named in `text`; listed only after `late`."""
        called = by == BRAND or f"@{BRAND}" in text or more.pop("to_nobody", False)
        words = text if called else f"@{BRAND} {text}"
        with self._lock:
            return str(self._add(words, by, parent, listed_at=self.clock() + late, **more).id)

    def repost(self, key: str, *, by: str = "crow") -> str:
        original = self.posts[int(key)]
        text = f"RT @{original.by}: {original.text}"[:140]
        with self._lock:
            return str(self._add(text, by, None, reposted=original.id).id)

    def spoil(self) -> str:
        """Something that is called a post, and lacks what every post has."""
        key = self.post("spoilt")
        spoilt = {"id": key, "text": None, "edit_history_tweet_ids": 7}
        self.posts[int(key)] = replace(self.posts[int(key)], raw=spoilt)
        return key

    def edit(self, key: str, text: str) -> str:
        """Returns the new id; the key stays the first one."""
        with self._lock:
            old = self.posts[self._versions(int(key))[-1]]
            id = self._new_id()
            new = replace(old, id=id, text=text, at=self.clock(), history=(*old.history, id))
            for version in old.history:
                self.posts[version] = replace(self.posts[version], history=new.history)
            self.posts[id] = new
            return str(id)

    def delete(self, key: str) -> None:
        with self._lock:
            self.deleted.update(self._versions(int(key)))

    def answers(self) -> list[Answer]:
        """What the brand published in answer to others, oldest first."""
        ours = [p for p in self.posts.values() if p.by == BRAND and p.id not in self.deleted]
        return [
            Answer(str(p.id), str(self.posts[p.replied_to].history[0]), p.text, p.files)
            for p in ours
            if p.replied_to
        ]

    # What goes wrong

    def fail(
        self,
        status: int = 503,
        body: Any = "<html>Over capacity</html>",
        *,
        on: str = "",
        done: bool = False,
        times: int = 1,
        **headers: str,
    ) -> None:
        """The next requests whose "METHOD /path" contains `on` are answered so."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        reply = Reply(status, body, named)
        self._fault(f"{status}", lambda handler, _: handler.send(reply), on, done, times)

    def problem(self, status: int, detail: str, *, on: str = "", times: int = 1) -> None:
        """The same, in X's own form."""
        self.fail(status, Problem(status, "Problem", detail).reply.body, on=on, times=times)

    def limit(self, seconds: int, *, on: str = "", of: str = "x-rate-limit") -> None:
        reset = str(int(self.clock().timestamp()) + seconds)
        headers = {f"{of}-remaining": "0", f"{of}-reset": reset}
        body = Problem(429, "Too Many Requests", "Too Many Requests").reply.body
        self._fault("429", lambda handler, _: handler.send(Reply(429, body, headers)), on)

    def hang(self, *, on: str = "", seconds: float = 60) -> None:
        self._fault("hang", lambda handler, _: handler.hang(seconds), on, done=True)

    def delay(self, seconds: float, *, on: str = "") -> None:
        """Done at once, and answered late."""
        self._fault("late answer", lambda handler, reply: handler.wait(seconds, reply), on, True)

    def cut_short(self, *, on: str = "") -> None:
        """Done, and half of the JSON arrives."""
        self._fault("cut short", lambda handler, reply: handler.send(_half(reply)), on, True)

    def drip(self, *, on: str = "") -> None:
        """Answers a byte at a time, for ever."""
        self._fault("drip", lambda handler, reply: handler.drip(reply), on, True)

    def lose_next_answer(self, *, on: str = "POST /2/tweets") -> None:
        """The next post is published (or deleted), and then the line goes dead."""
        self._fault("lost answer", lambda handler, _: handler.drop(), on, True)

    @property
    def troubled(self) -> bool:
        """Whether something is still to go wrong."""
        return bool(self._faults)

    def recover(self) -> None:
        """Nothing goes wrong any more."""
        with self._lock:
            self._faults.clear()
            self.shuffled = False

    def _fault(
        self, name: str, act: Callable[..., None], on: str, done: bool = False, times: int = 1
    ) -> None:
        with self._lock:
            self._faults.append(Fault(on, act, done, times, name))

    # What X does

    def serve(self, handler: "Handler", call: "Call") -> None:
        with self._lock:
            self.requests.append(call.name)
            fault = next((f for f in self._faults if f.on in call.name), None)
            if fault:
                self.struck[fault.name] += 1
                fault.times -= 1
                self._faults = [f for f in self._faults if f.times]
            reply = self._reply(call) if not fault or fault.done else Reply(500, "")
        if fault:
            fault.act(handler, reply)
        else:
            handler.send(reply)

    def _reply(self, call: "Call") -> Reply:
        try:
            self._authenticate(call)
            return Reply(201 if call.name == "POST /2/tweets" else 200, self._route(call))
        except Problem as problem:
            return problem.reply

    def _authenticate(self, call: "Call") -> None:
        given = dict(re.findall(r'(\w+)="([^"]*)"', call.authorization))
        signature = unquote(given.pop("oauth_signature", ""))
        plain = {name: unquote(value) for name, value in given.items()}
        known = (KEYS["X_CONSUMER_KEY"], KEYS["X_ACCESS_TOKEN"])
        keys = (plain.get("oauth_consumer_key"), plain.get("oauth_token"))
        if keys != known or signature != _signature(call, self.url, plain):
            raise Problem(401, "Unauthorized", "Unauthorized")

    def _route(self, call: "Call") -> dict[str, Any]:
        us = self.user(BRAND)
        routes: dict[str, tuple[str, Callable[[Call], dict[str, Any]]]] = {
            "GET /2/users/me": ("me", lambda call: {"data": us.told(call.fields("user"))}),
            f"GET /2/users/{us.id}/mentions": ("mentions", self._mentions),
            f"GET /2/users/{us.id}/tweets": ("own", self._own),
            "GET /2/tweets/search/recent": ("search", self._search),
            "GET /2/tweets": ("lookup", self._lookup),
            f"GET {UPLOAD}": ("status", self._status),
        }
        if call.name == "POST /2/tweets":
            return self._publish(call.body)
        if call.name == f"POST {UPLOAD}":
            return self._upload(call.body)
        if deleted := re.fullmatch("DELETE /2/tweets/([0-9]{1,19})", call.name):
            return self._delete(int(deleted[1]))
        if call.name not in routes:
            raise Problem(404, "Not Found", f"There is no {call.name}.")
        kind, answer = routes[call.name]
        for parameter in call.query.keys() - ALLOWED[kind]:
            message = f"The query parameter [{parameter}] is not one of {sorted(ALLOWED[kind])}"
            raise invalid(parameter, call.query[parameter], message)
        return answer(call)

    def _mentions(self, call: "Call") -> dict[str, Any]:
        us = self.user(BRAND).id
        named = [p for p in self._listed() if us in self._named(p) and not p.reposted]
        return self._page(named[-CAP:], call, "pagination_token", least=5)

    def _own(self, call: "Call") -> dict[str, Any]:
        ours = [p for p in self._listed() if p.by == BRAND]
        return self._page(ours[-OWN_CAP:], call, "pagination_token", least=5)

    def _search(self, call: "Call") -> dict[str, Any]:
        since, oldest = int(call.query.get("since_id", 0)), self.clock() - SEARCHABLE
        if since and _moment(since) < oldest:
            after = f"{oldest:%Y-%m-%dT%H:%MZ}"
            message = (
                f"'since_id' must be a tweet id created after {after}. Please use a 'since_id'"
                " that is larger than"
            )
            raise invalid("since_id", since, message)
        found = [p for p in self._listed() if p.at >= oldest and _matches(p, call.query["query"])]
        return self._page(found, call, "next_token", least=10)

    def _lookup(self, call: "Call") -> dict[str, Any]:
        ids = call.query["ids"].split(",")
        if len(ids) > 100 or not all(id.isdecimal() and int(id) < 2**63 for id in ids):
            raise invalid("ids", ids, "The number of values in the `ids` query parameter list is")
        found = [p for id in ids if (p := self.posts.get(int(id))) and p.id not in self.deleted]
        there = {str(p.id) for p in found}
        errors = [_not_found(id) for id in ids if id not in there]
        shown = self._shown(found, call)
        return {**shown, **({"errors": errors} if errors else {})}

    def _publish(self, body: Mapping[str, Any]) -> dict[str, Any]:
        for unknown in body.keys() - POSTED:
            raise invalid(unknown, body[unknown], f"$.{unknown}: is not defined in the schema")
        text, to = body["text"], int((body.get("reply") or {}).get("in_reply_to_tweet_id", 0))
        files = self._attached(body["media"]) if "media" in body else ()
        if parse_tweet(text).weightedLength > LIMIT:
            raise Problem(403, "Forbidden", "Your Tweet text is too long.")
        if to:
            self._may_answer(to)
        if self.strict and (text, to) in self._published:
            raise Problem(403, "Forbidden", DUPLICATE)
        self._published.add((text, to))
        made = self._add(text, BRAND, str(to) if to else None, files=files)
        return {
            "data": {"id": str(made.id), "text": text, "edit_history_tweet_ids": [str(made.id)]}
        }

    def _attached(self, media: Mapping[str, Any]) -> tuple[Media, ...]:
        """Up to four pictures, or one animation that is ready."""
        ids = media.get("media_ids") or []
        files = tuple(self.media[id] for id in ids if id in self.media)
        mixed = len(files) > 1 and any(file.type == "image/gif" for file in files)
        waiting = self.checks and any(file.type == "image/gif" for file in files)
        if not 1 <= len(ids) <= 4 or len(files) != len(ids) or mixed or waiting:
            raise invalid("media.media_ids", ids, "Your media IDs are invalid.")
        return files

    def _upload(self, body: Mapping[str, Any]) -> dict[str, Any]:
        for unknown in body.keys() - UPLOADED:
            raise invalid(unknown, body[unknown], f"$.{unknown}: is not defined in the schema")
        kind, content = body.get("media_category", ""), _decoded(body.get("media"))
        if kind not in LARGEST:
            raise invalid("media_category", kind, "media_category is not valid")
        type = next((t for head, t in BEGINNINGS.items() if content.startswith(head)), "")
        named = body.get("media_type", type)
        fits = (type == "image/gif") == (kind == "tweet_gif") and type == named
        if not type or not fits:
            raise invalid("media", named, "media type unrecognized.")
        if len(content) > LARGEST[kind]:
            raise invalid("media", len(content), f"File size exceeds {LARGEST[kind]} bytes.")
        media = Media(str(self._new_id()), type, content)
        self.media[media.id] = media
        return self._told_media(media)

    def _status(self, call: "Call") -> dict[str, Any]:
        media = self.media.get(call.query.get("media_id", ""))
        if call.query.get("command") != "STATUS" or not media:
            raise invalid("media_id", call.query.get("media_id"), "media_id is not valid")
        self.checks = max(self.checks - 1, 0)
        return self._told_media(media)

    def _told_media(self, media: Media) -> dict[str, Any]:
        told = {"id": media.id, "media_key": f"3_{media.id}", "expires_after_secs": 86_400}
        if media.type != "image/gif":
            return {"data": {**told, "size": len(media.content)}}
        state = "failed" if self.spoils_media else "in_progress" if self.checks else "succeeded"
        work = {"state": state, **({"check_after_secs": 0.01} if self.checks else {})}
        return {"data": {**told, "size": len(media.content), "processing_info": work}}

    def _delete(self, id: int) -> dict[str, Any]:
        post = self.posts.get(id)
        if not post or id in self.deleted:
            detail = f"Could not find tweet with id: [{id}]."
            raise Problem(404, "Not Found Error", detail, type=f"{PROBLEMS}/resource-not-found")
        if post.by != BRAND:
            raise Problem(403, "Forbidden", "You are not authorized to delete this Tweet.")
        self.deleted.update(post.history)
        return {"data": {"deleted": True}}

    def _may_answer(self, id: int) -> None:
        post = self.posts.get(id)
        if not post or id in self.deleted or self.users[post.by].protected:
            raise Problem(403, "Forbidden", INVISIBLE)
        quoted = self.posts.get(post.quoted or 0)
        mine = post.by == BRAND or (quoted and quoted.by == BRAND)
        called = self.user(BRAND).id in self._named(post) or mine
        if not called:
            raise Problem(403, "Forbidden", NOT_SUMMONED)

    # How X shows it

    def _listed(self) -> list[Post]:
        """The newest version of all that is there, oldest first."""
        now = self.clock()
        return [
            post
            for id, post in sorted(self.posts.items())
            if id == post.history[-1] and id not in self.deleted
            if post.listed_at is None or post.listed_at <= now
        ]

    def _page(
        self, found: Sequence[Post], call: "Call", token_name: str, least: int
    ) -> dict[str, Any]:
        size = int(call.query.get("max_results", 10))
        if not least <= size <= 100:
            raise invalid("max_results", size, f"must be between {least} and 100")
        token = call.query.get(token_name)
        below = int(token.removeprefix("7140dib"), 36) if token else 2**63
        since = int(call.query.get("since_id", 0))
        rest = [post for post in reversed(found) if since < post.id < below]
        page = rest[:size]
        meta: dict[str, Any] = {"result_count": len(page)}
        if page:
            meta |= {"newest_id": str(page[0].id), "oldest_id": str(page[-1].id)}
        if len(rest) > size:
            meta["next_token"] = token if token and self.stuck else _token(page[-1].id)
        if self.shuffled:
            page = [*page[::2], *page[1::2], *[p for p in found if p.id == below]]
            self.struck["shuffled"] += len(page) > 1
        self.reads += len(page)
        return {**self._shown(page, call), "meta": meta}

    def _shown(self, page: Sequence[Post], call: "Call") -> dict[str, Any]:
        if not page:
            return {}
        wanted, expansions = call.fields("tweet"), call.fields("expansions")
        includes: dict[str, list[Any]] = {}
        if "author_id" in expansions:
            authors = dict.fromkeys(p.by for p in page if not p.raw)
            includes["users"] = [self.users[by].told(call.fields("user")) for by in authors]
        if "referenced_tweets.id" in expansions:
            others = {id for p in page for _, id in _references(p)} - self.deleted
            shown = [self._told(self.posts[id], wanted) for id in sorted(others)]
            includes |= {"tweets": shown} if shown else {}
        if "attachments.media_keys" in expansions:
            media = [one for p in page for one in _media(p)]
            includes |= {"media": media} if media else {}
        told = [self._told(p, wanted) for p in page]
        return {"data": told, **({"includes": includes} if includes else {})}

    def _told(self, post: Post, wanted: set[str]) -> Mapping[str, Any]:
        """With t.co links and HTML escapes, as X has it."""
        if post.raw:
            return post.raw
        text, urls = _shortened(post.text)
        pictures = [_picture(post, number) for number, _ in enumerate(_media(post)[:1], 1)]
        text = " ".join([text, *(link["url"] for link in pictures)])
        urls = [*urls, *pictures]
        entities = {"urls": urls, "mentions": self._mention_entities(post)}
        long = parse_tweet(post.text).weightedLength > LIMIT
        references = [{"type": how, "id": str(id)} for how, id in _references(post)]
        answered = self.posts.get(post.replied_to or 0)
        keys = [one["media_key"] for one in _media(post)]
        known = {
            "author_id": self.users[post.by].id,
            "conversation_id": str(post.conversation),
            "created_at": f"{post.at:%Y-%m-%dT%H:%M:%S}.{post.at.microsecond // 1000:03}Z",
            "entities": {name: found for name, found in entities.items() if found},
            "lang": "en",
            "reply_settings": post.reply_settings,
            "referenced_tweets": references,
            "in_reply_to_user_id": answered and self.users[answered.by].id,
            "note_tweet": {"text": text, "entities": entities} if long else None,
            "attachments": keys and {"media_keys": keys},
        }
        asked = {name: value for name, value in known.items() if value and name in wanted}
        shown = text[:270] + "…" if long else text
        history = [str(id) for id in post.history]
        return {"id": str(post.id), "text": shown, "edit_history_tweet_ids": history, **asked}

    def _mention_entities(self, post: Post) -> list[dict[str, Any]]:
        found = re.finditer(r"@(\w+)", post.text)
        return [
            {"start": m.start(), "end": m.end(), "username": m[1], "id": self.user(m[1]).id}
            for m in found
        ]

    def _named(self, post: Post) -> set[str]:
        return {self.user(name).id for name in re.findall(r"@(\w+)", post.text)}

    # How X remembers it

    def _add(self, text: str, by: str, parent: str | None, **more: Any) -> Post:
        id, answered = self._new_id(), self.posts.get(int(parent or 0))
        self.user(by)
        if answered and by == BRAND:
            text = " ".join([*(f"@{name}" for name in _called(answered)), text])
        post = Post(
            id=id,
            by=by,
            text=text,
            at=_moment(id),
            history=(id,),
            conversation=answered.conversation if answered else id,
            replied_to=answered.id if answered else None,
            **more,
        )
        self.posts[id] = post
        return post

    def _new_id(self) -> int:
        now = (self.clock() - EPOCH) // timedelta(milliseconds=1) << 22
        self._last = max(now, self._last + 1)
        return self._last

    def _versions(self, id: int) -> tuple[int, ...]:
        return self.posts[id].history


@dataclass
class Call:
    method: str
    path: str
    query: dict[str, str]
    authorization: str
    body: Mapping[str, Any]

    @property
    def name(self) -> str:
        return f"{self.method} {self.path}"

    def fields(self, kind: str) -> set[str]:
        name = kind if kind == "expansions" else f"{kind}.fields"
        return set(self.query.get(name, "").split(","))


class Handler(Line, BaseHTTPRequestHandler):
    wbufsize = -1

    @property
    def x(self) -> "XServer":
        return self.listener  # type: ignore[no-any-return]

    def do_GET(self) -> None:
        self._serve({})

    def do_DELETE(self) -> None:
        self._serve({})

    def do_POST(self) -> None:
        if self.path == UPLOAD:
            self.x.closing.wait(self.x.slow)
        self._serve(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))

    def _serve(self, body: Mapping[str, Any]) -> None:
        address = urlsplit(self.path)
        query = dict(parse_qsl(address.query, keep_blank_values=True))
        authorization = self.headers.get("Authorization", "")
        assert self.command
        self.x.serve(self, Call(self.command, address.path, query, authorization, body))

    def send(self, reply: Reply) -> None:
        text = reply.body if isinstance(reply.body, str) else json.dumps(reply.body)
        self._head(reply, len(text.encode()))
        self.wfile.write(text.encode())
        self.wfile.flush()

    def drip(self, reply: Reply) -> None:
        self._head(reply, 10**6)
        while not self.x.closing.wait(0.05):
            self.wfile.write(b" ")
            self.wfile.flush()
        self.close_connection = True

    def hang(self, seconds: float) -> None:
        self.x.closing.wait(seconds)
        self.drop()

    def wait(self, seconds: float, reply: Reply) -> None:
        self.x.closing.wait(seconds)
        self.send(reply)

    def drop(self) -> None:
        self.close_connection = True
        self.connection.shutdown(SHUT_RDWR)

    def _head(self, reply: Reply, size: int) -> None:
        self.send_response(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        html = isinstance(reply.body, str)
        self.send_header("Content-Type", "text/html" if html else "application/json")
        self.send_header("Content-Length", str(size))
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """The tests have their own story to tell."""


def _half(reply: Reply) -> Reply:
    whole = json.dumps(reply.body)
    return replace(reply, body=whole[: len(whole) // 2])


def _signature(call: Call, url: str, oauth: Mapping[str, str]) -> str:
    """OAuth 1.0a, HMAC-SHA1 (RFC 5849, section 3.4), over the address we were called at."""

    def escaped(text: str) -> str:
        return quote(text, safe="~")

    pairs = sorted((escaped(k), escaped(v)) for k, v in [*call.query.items(), *oauth.items()])
    parameters = "&".join(f"{name}={value}" for name, value in pairs)
    base = "&".join(map(escaped, (call.method, url + call.path, parameters)))
    secrets = (KEYS["X_CONSUMER_SECRET"], KEYS["X_ACCESS_TOKEN_SECRET"])
    digest = hmac.new("&".join(map(escaped, secrets)).encode(), base.encode(), hashlib.sha1)
    return base64.b64encode(digest.digest()).decode()


def _moment(id: int) -> datetime:
    return EPOCH + timedelta(milliseconds=id >> 22)


def _token(id: int) -> str:
    digits = ""
    while id:
        id, rest = divmod(id, 36)
        digits = "0123456789abcdefghijklmnopqrstuvwxyz"[rest] + digits
    return f"7140dib{digits}"


def _references(post: Post) -> list[tuple[str, int]]:
    all_of_them = [
        ("replied_to", post.replied_to),
        ("quoted", post.quoted),
        ("retweeted", post.reposted),
    ]
    return [(how, id) for how, id in all_of_them if id]


def _called(post: Post) -> list[str]:
    """Whom an answer of the brand's calls: its author, or in a thread of ours whom we called."""
    if post.by != BRAND:
        return [post.by]
    head = re.match(r"(?:@\w+ ?)*", post.text)
    return re.findall(r"@(\w+)", head[0]) if head else []


def _media(post: Post) -> list[Mapping[str, Any]]:
    return [*([post.media] if post.media else []), *(file.told for file in post.files)]


def _picture(post: Post, number: int) -> dict[str, Any]:
    """The link that X puts behind the words of a post with pictures."""
    name = hashlib.sha256(f"{post.id}/{number}".encode()).hexdigest()[:10]
    return {
        "url": f"https://t.co/{name}",
        "expanded_url": f"https://x.com/{post.by}/status/{post.id}/photo/{number}",
        "display_url": f"pic.x.com/{name}",
        "media_key": _media(post)[number - 1]["media_key"],
    }


def _decoded(media: object) -> bytes:
    try:
        return base64.b64decode(str(media), validate=True)
    except ValueError:
        raise invalid("media", "", "media is not valid") from None


def _shortened(text: str) -> tuple[str, list[dict[str, Any]]]:
    entities = []
    for link in reversed(extract_urls_with_indices(text)):
        start, end = link["indices"]
        name = hashlib.sha256(link["url"].encode()).hexdigest()[:10]
        full = link["url"] if "://" in link["url"] else f"http://{link['url']}"
        entities.append({"url": f"https://t.co/{name}", "expanded_url": full})
        text = f"{text[:start]}https://t.co/{name}{text[end:]}"
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;"), entities


def _matches(post: Post, query: str) -> bool:
    wanted, _, unwanted = query.removeprefix("(").partition(")")
    text = post.text.casefold()
    banned = {f"-from:{post.by}", *(f"-{name}" for name in re.findall(r"@\w+", text))}
    if post.reposted or banned & set(unwanted.split()):
        return False
    return any(term.strip().casefold() in text for term in wanted.split(" OR "))


def _not_found(id: str) -> dict[str, Any]:
    return {
        "value": id,
        "detail": f"Could not find tweet with ids: [{id}].",
        "title": "Not Found Error",
        "resource_type": "tweet",
        "parameter": "ids",
        "resource_id": id,
        "type": f"{PROBLEMS}/resource-not-found",
    }


if __name__ == "__main__":
    with XServer() as server:
        print(server.environment())
        time.sleep(3600)
