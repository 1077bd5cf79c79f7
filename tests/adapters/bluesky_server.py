"""A strict Bluesky on this machine: the part of its XRPC that we use, over real HTTP.

It is what measurements of the real network say (test_bluesky_network.py takes them): lists are
sorted by the moment that a post claims, a page ends at a mere moment, answers to what is closed are
taken and shown to nobody. What goes wrong there goes wrong here when told.
"""

import base64
import hashlib
import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler
from itertools import count
from socket import SHUT_RDWR
from threading import RLock
from typing import Any
from urllib.parse import parse_qs, urlsplit

from adapters import scope
from bot.domain.graphemes import inside
from tests.adapters.listener import Line, Listener

BRAND = "acme.test"
ACCOUNT_PASSWORD, APP_PASSWORD = "correct-horse", "abcd-efgh-ijkl-mnop"
FEED_POST = "app.bsky.feed.post"
TID = re.compile("[234567abcdefghij][234567abcdefghijklmnopqrstuvwxyz]{12}")
ACCESS, REFRESH = timedelta(hours=2), timedelta(days=90)
ALLOWED = {
    "com.atproto.server.getSession": set(),
    "com.atproto.identity.resolveHandle": {"handle"},
    "com.atproto.repo.describeRepo": {"repo"},
    "com.atproto.repo.getRecord": {"repo", "collection", "rkey"},
    "app.bsky.actor.getProfile": {"actor"},
    "app.bsky.feed.getPosts": {"uris"},
    "app.bsky.feed.getAuthorFeed": {"actor", "filter", "limit", "cursor"},
    "app.bsky.feed.searchPosts": {"q", "sort", "since", "limit", "cursor"},
    "app.bsky.notification.getPreferences": set(),
    "app.bsky.notification.listNotifications": {"limit", "cursor", "reasons"},
}
OPEN_TO_ALL = ("com.atproto.identity.resolveHandle", "com.atproto.repo.describeRepo")


@dataclass(frozen=True)
class Person:
    did: str
    handle: str
    labels: tuple[str, ...] = ()
    profile: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Post:
    uri: str
    did: str
    record: Mapping[str, Any]
    indexed_at: datetime
    raw: Any = None  # what is shown instead, when it is spoilt

    @property
    def cid(self) -> str:
        return _cid(json.dumps(self.record).encode())

    @property
    def sort_at(self) -> datetime:
        return min(self.indexed_at, datetime.fromisoformat(self.record["createdAt"]))

    @property
    def parent(self) -> str:
        return str((self.record.get("reply") or {}).get("parent", {}).get("uri", ""))

    @property
    def root(self) -> str:
        return str((self.record.get("reply") or {}).get("root", {}).get("uri", self.uri))


@dataclass
class Fault:
    """What happens to the next matching request; `done`: after it was done."""

    on: str
    act: Callable[["Handler", "Reply"], None]
    done: bool
    times: int


@dataclass
class Reply:
    status: int
    body: Any
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class Call:
    name: str
    query: dict[str, list[str]]
    token: str
    type: str
    body: bytes

    def one(self, parameter: str, default: str = "") -> str:
        return self.query.get(parameter, [default])[0]


class Problem(Exception):
    def __init__(self, status: int, error: str, message: str) -> None:
        super().__init__(message)
        self.reply = Reply(status, {"error": error, "message": message})


class BlueskyServer(Listener):
    """One PDS and the AppView behind it. Start it with `with`; `url` is where it is."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self.clock = clock
        self.people: dict[str, Person] = {}
        self.posts: dict[str, Post] = {}
        self.blobs: dict[str, tuple[str, bytes]] = {}
        self.reposts: list[str] = []  # of the brand's
        self.closed: set[str] = set()  # threads that the brand may not answer in
        self.blocked_by: set[str] = set()
        self.blocking: set[str] = set()
        self.muted: set[str] = set()  # whose posts are taken off a page when it is cut already
        self.lagging: set[str] = set()  # posts that the AppView has not seen yet
        self.app_password = APP_PASSWORD
        self.wants_code = False  # as two-factor sign-in does
        self.state = ""  # "AccountTakedown": whom it shuts out
        self.active: dict[str, Any] = {"active": True}
        self.elsewhere: set[str] = set()  # people whose repositories are at other servers
        self.preferences: dict[str, Any] = {}
        self.stuck = False  # pages that lead to themselves
        self.moved_to = ""  # where the session says that the account's server is
        self.requests: list[str] = []
        self.sessions: dict[str, tuple[str, datetime]] = {}  # token: kind, and until when
        self._faults: list[Fault] = []
        self._keys, self._last = count(1), datetime.min.replace(tzinfo=UTC)
        self._lock = RLock()
        super().__init__(Handler)
        self.brand = self.person(BRAND)

    def environment(self, account: str = "bluesky") -> dict[str, str]:
        """The settings of an account that reads from here."""
        values = {
            "BLUESKY_HANDLE": BRAND,
            "BLUESKY_APP_PASSWORD": APP_PASSWORD,
            "BLUESKY_URL": self.url,
        }
        return {scope(account, name): value for name, value in values.items()}

    # What people do

    def person(self, name: str, **more: Any) -> Person:
        """The one of this handle or its first part; with `labels` or `profile` they are changed."""
        handle = name if "." in name else f"{name}.test"
        with self._lock:
            known = self.people.get(handle) or Person(_did(handle), handle)
            self.people[handle] = replace(known, **more)
            return self.people[handle]

    def rename(self, name: str, handle: str) -> None:
        self.people[handle] = replace(self.people.pop(f"{name}.test"), handle=handle)

    def post(
        self,
        text: str,
        *,
        by: str = "mira",
        parent: str | None = None,
        calls: bool = True,
        at: datetime | None = None,
        late: timedelta = timedelta(0),
        **more: Any,
    ) -> str:
        """Someone writes, to the brand unless it `calls` nobody; `at` is when they say it was.

        It is seen only after `late`.
        """
        with self._lock:
            seen = self._moment()
            who = self.person(by)
            record: dict[str, Any] = {"$type": FEED_POST, "createdAt": iso(at or seen), **more}
            record |= calling(self.brand, text) if calls and who.did != self.brand.did else {}
            record.setdefault("text", text)
            if parent:
                record["reply"] = self._reply_to(self.posts[parent])
            return self._add(who, f"3kz{next(self._keys):010}", record, seen + late).uri

    def quote(self, key: str, text: str, *, by: str = "mira") -> str:
        embed = {"$type": "app.bsky.embed.record", "record": self._ref(self.posts[key])}
        return self.post(text, by=by, calls=False, embed=embed)

    def spoil(self) -> str:
        """Something that is listed as a post, and lacks what every post has."""
        key = self.post("spoilt")
        spoilt = {**self._shown(self.posts[key]), "record": None}
        self.posts[key] = replace(self.posts[key], raw=spoilt)
        return key

    def edit(self, key: str, text: str) -> None:
        post = self.posts[key]
        self.posts[key] = replace(
            post, record={**post.record, **calling(self.brand, text)}, raw=None
        )

    def delete(self, key: str) -> None:
        with self._lock:
            self.posts.pop(key, None)

    def answers(self) -> list[Post]:
        """What the brand published in answer to others, as it came."""
        return [post for post in self.posts.values() if post.did == self.brand.did and post.parent]

    def revoke(self) -> None:
        """The app password is not accepted any more; nor is what renews sessions."""
        self.app_password = "another-one"
        self.sessions = {
            token: kept for token, kept in self.sessions.items() if kept[0] != "refresh"
        }

    def end_sessions(self) -> None:
        self.sessions.clear()

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
        """The next requests whose name contains `on` are answered so."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self._fault(lambda handler, _: handler.send(Reply(status, body, named)), on, done, times)

    def problem(self, status: int, error: str, message: str, *, on: str, times: int = 1) -> None:
        self.fail(status, {"error": error, "message": message}, on=on, times=times)

    def limit(self, seconds: int, *, on: str = "", named: str = "ratelimit-reset") -> None:
        reset = {"ratelimit-reset": int(self.clock().timestamp()) + seconds, "retry-after": seconds}
        body = {"error": "RateLimitExceeded", "message": "Rate Limit Exceeded"}
        reply = Reply(429, body, {named: str(reset[named]), "ratelimit-remaining": "0"})
        self._fault(lambda handler, _: handler.send(reply), on)

    def hang(self, *, on: str = "", seconds: float = 60) -> None:
        self._fault(lambda handler, _: handler.hang(seconds), on, done=True)

    def drip(self, *, on: str = "") -> None:
        """Answers a byte at a time, for ever."""
        self._fault(lambda handler, _: handler.drip(), on, done=True)

    def cut_short(self, *, on: str = "") -> None:
        """Done, and half of the JSON arrives."""
        self._fault(lambda handler, reply: handler.send(_half(reply)), on, done=True)

    def lose_next(self, *, on: str) -> None:
        """Done, and then the line goes dead."""
        self._fault(lambda handler, _: handler.drop(), on, done=True)

    def _fault(self, act: Callable[..., None], on: str, done: bool = False, times: int = 1) -> None:
        with self._lock:
            self._faults.append(Fault(on, act, done, times))

    # What the servers do

    def serve(self, handler: "Handler", call: Call) -> None:
        with self._lock:
            self.requests.append(call.name)
            fault = next((f for f in self._faults if f.on in call.name), None)
            if fault:
                fault.times -= 1
                self._faults = [f for f in self._faults if f.times]
            reply = self._reply(call) if not fault or fault.done else Reply(500, "")
        if fault:
            fault.act(handler, reply)
        else:
            handler.send(reply)

    def _reply(self, call: Call) -> Reply:
        try:
            return Reply(200, self._route(call))
        except Problem as problem:
            return problem.reply

    def _route(self, call: Call) -> Any:
        does: dict[str, Callable[[Call], Any]] = {
            "com.atproto.server.createSession": self._create_session,
            "com.atproto.server.refreshSession": self._refresh_session,
            "com.atproto.server.getSession": self._get_session,
            "com.atproto.identity.resolveHandle": self._resolve,
            "com.atproto.repo.describeRepo": self._describe,
            "com.atproto.repo.getRecord": self._get_record,
            "com.atproto.repo.putRecord": self._put_record,
            "com.atproto.repo.deleteRecord": self._delete_record,
            "com.atproto.repo.uploadBlob": self._upload,
            "app.bsky.actor.getProfile": self._profile,
            "app.bsky.feed.getPosts": self._get_posts,
            "app.bsky.feed.getAuthorFeed": self._author_feed,
            "app.bsky.feed.searchPosts": self._search,
            "app.bsky.notification.getPreferences": lambda _: {"preferences": self.preferences},
            "app.bsky.notification.listNotifications": self._notifications,
        }
        if call.name not in does:
            raise Problem(501, "MethodNotImplemented", "Method Not Implemented")
        for unknown in call.query.keys() - ALLOWED.get(call.name, set()):
            raise invalid(f"There is no parameter {unknown}")
        if not call.name.endswith("Session") and call.name not in OPEN_TO_ALL:
            self._must_be_signed_in(call, "access")
        return does[call.name](call)

    def _must_be_signed_in(self, call: Call, kind: str) -> None:
        known, until = self.sessions.get(call.token, ("", self.clock()))
        if self.state and known:
            raise Problem(401, self.state, "Account has been taken down")
        if not call.token:
            raise Problem(401, "AuthMissing", "Authentication Required")
        if known != kind:
            raise Problem(400, "InvalidToken", "Token could not be verified")
        if until <= self.clock():
            raise Problem(400, "ExpiredToken", "Token has expired")

    def _create_session(self, call: Call) -> Any:
        said = json.loads(call.body)
        known = {BRAND, self.brand.did}
        whole = said["password"] == ACCOUNT_PASSWORD
        if said["identifier"] not in known or not (whole or said["password"] == self.app_password):
            raise Problem(401, "AuthenticationRequired", "Invalid identifier or password")
        if self.state:
            raise Problem(401, self.state, "Account has been taken down")
        if whole and self.wants_code:
            raise Problem(401, "AuthFactorTokenRequired", "A sign in code has been sent")
        return self._session("com.atproto.access" if whole else "com.atproto.appPass")

    def _refresh_session(self, call: Call) -> Any:
        """A new pair; whoever comes with the old one again has kept the wrong one."""
        if call.token not in self.sessions:
            raise Problem(400, "ExpiredToken", "Token has been revoked")
        self._must_be_signed_in(call, "refresh")
        del self.sessions[call.token]
        return self._session("com.atproto.appPass")

    def _session(self, scope: str) -> dict[str, Any]:
        now = self.clock()
        kinds = {"access": ACCESS, "refresh": REFRESH}
        tokens = {
            kind: _token(scope, now + lasts, next(self._keys)) for kind, lasts in kinds.items()
        }
        self.sessions |= {tokens[kind]: (kind, now + lasts) for kind, lasts in kinds.items()}
        service = {
            "id": "#atproto_pds",
            "type": "AtprotoPersonalDataServer",
            "serviceEndpoint": self.moved_to,
        }
        did_doc = {"didDoc": {"id": self.brand.did, "service": [service]}} if self.moved_to else {}
        return {
            "accessJwt": tokens["access"],
            "refreshJwt": tokens["refresh"],
            "did": self.brand.did,
            "handle": self.brand.handle,
            **self.active,
            **did_doc,
        }

    def _get_session(self, call: Call) -> Any:
        self._must_be_signed_in(call, "access")
        return {"did": self.brand.did, "handle": self.brand.handle, **self.active}

    def _resolve(self, call: Call) -> Any:
        if call.one("handle") not in self.people:
            raise Problem(400, "HandleNotFound", "Unable to resolve handle")
        return {"did": self.people[call.one("handle")].did}

    def _describe(self, call: Call) -> Any:
        if call.one("repo") in self.elsewhere:
            raise Problem(400, "RepoNotFound", "Could not find repo")
        return {"did": call.one("repo")}

    def _get_record(self, call: Call) -> Any:
        uri = f"at://{call.one('repo')}/{call.one('collection')}/{call.one('rkey')}"
        post = self.posts.get(uri)
        if not post:
            raise Problem(400, "RecordNotFound", f"Could not locate record: {uri}")
        return {"uri": uri, "cid": post.cid, "value": post.record}

    def _put_record(self, call: Call) -> Any:
        said = json.loads(call.body)
        key, record = said["rkey"], said["record"]
        if said["repo"] != self.brand.did or said["collection"] != FEED_POST:
            raise Problem(401, "AuthenticationRequired", "Authentication Required")
        if not TID.fullmatch(key):
            raise invalid(f"Invalid TID: {key}")
        self._must_be_valid(record)
        old = self.posts.get(f"at://{self.brand.did}/{FEED_POST}/{key}")
        if old and old.cid != _cid(json.dumps(record).encode()) and "swapRecord" in said:
            raise Problem(400, "InvalidSwap", f"Record was at {old.cid}")
        made = old or self._add(self.brand, key, record, self._moment())
        self.posts[made.uri] = replace(made, record=record)
        return {"uri": made.uri, "cid": self.posts[made.uri].cid, "validationStatus": "valid"}

    def _must_be_valid(self, record: Mapping[str, Any]) -> None:
        text = record["text"]
        if len(text.encode()) > 3000:
            raise invalid("Invalid app.bsky.feed.post record: string too big at $.record.text")
        if sum(not inside(text, place) for place in range(len(text))) > 300:
            raise invalid("Invalid app.bsky.feed.post record: grapheme too big at $.record.text")
        datetime.fromisoformat(record["createdAt"])
        for ref in record["reply"].values():
            if ref.keys() != {"uri", "cid"}:
                raise invalid("Invalid app.bsky.feed.post record: $.record.reply")
        for facet in record.get("facets", ()):
            if not 0 <= facet["index"]["byteStart"] < facet["index"]["byteEnd"]:
                raise invalid("Invalid app.bsky.feed.post record: $.record.facets")
        images = record.get("embed", {}).get("images", ())
        if len(images) > 4:
            raise invalid("Invalid app.bsky.feed.post record: array too big at $.record.embed")
        for image in images:
            kind, content = self.blobs[image["image"]["ref"]["$link"]]
            if not kind.startswith("image/") or len(content) > 2_000_000 or "alt" not in image:
                raise Problem(400, "BlobTooLarge", "This file is too large.")

    def _delete_record(self, call: Call) -> Any:
        said = json.loads(call.body)
        self.posts.pop(f"at://{said['repo']}/{said['collection']}/{said['rkey']}", None)
        return {}

    def _upload(self, call: Call) -> Any:
        name = _cid(call.body)
        self.blobs[name] = (call.type, call.body)
        blob = {"ref": {"$link": name}, "mimeType": call.type, "size": len(call.body)}
        return {"blob": {"$type": "blob", **blob}}

    # What the AppView shows

    def _profile(self, call: Call) -> Any:
        actor = next((p for p in self.people.values() if p.did == call.one("actor")), None)
        if not actor:
            raise invalid("Profile not found")
        return self._author(actor.did)

    def _get_posts(self, call: Call) -> Any:
        uris = call.query.get("uris", [])
        if not 1 <= len(uris) <= 25:
            raise invalid("uris must not have more than 25 elements")
        found = [self.posts[uri] for uri in uris if uri in self.posts]
        return {"posts": [self._view(post) for post in found if self._is_seen(post)]}

    def _author_feed(self, call: Call) -> Any:
        did = call.one("actor")
        mine = [post for post in self._listed() if post.did == did]
        page = self._page(mine, call, "feed", lambda post: {"post": self._view(post)})
        reason = {"$type": "app.bsky.feed.defs#reasonRepost"}
        passed_on = [
            {"post": self._view(self.posts[key]), "reason": reason} for key in self.reposts
        ]
        return {**page, "feed": [*passed_on, *page["feed"]]}

    def _search(self, call: Call) -> Any:
        """Where it goes on is a mere number here."""
        words = call.one("q").replace('"', "").casefold()
        since = datetime.fromisoformat(call.one("since", "1970-01-01T00:00:00Z"))
        found = [
            post
            for post in self._listed()
            if words in post.record["text"].casefold() and post.sort_at >= since
        ]
        begin, size = int(call.one("cursor", "0")), _size(call)
        more = {"cursor": str(begin + size)} if len(found) > begin + size else {}
        return {"posts": [self._view(post) for post in found[begin : begin + size]], **more}

    def _notifications(self, call: Call) -> Any:
        wanted = call.query.get("reasons", [])
        told = [(post, reason) for post in self._listed() if (reason := self._reason(post))]
        reasons = {post.uri: reason for post, reason in told if not wanted or reason in wanted}
        listed = [post for post, _ in told if post.uri in reasons]

        def shown(post: Post) -> Any:
            view = self._view(post)
            view = {name: view[name] for name in ("uri", "cid", "author", "record", "indexedAt")}
            return {**view, "reason": reasons[post.uri], "isRead": False, "labels": []}

        return self._page(listed, call, "notifications", shown)

    def _reason(self, post: Post) -> str:
        if post.did == self.brand.did:
            return ""
        if self.brand.did in json.dumps(post.record.get("facets", ())):
            return "mention"
        above, answered = post, False
        for _ in range(5):
            above = self.posts.get(above.parent, post)
            answered |= above.did == self.brand.did
        quoted = (post.record.get("embed") or {}).get("record", {}).get("uri", "")
        return "reply" if answered else "quote" if self.brand.did in quoted else ""

    def _listed(self) -> list[Post]:
        """All that is seen, newest first."""
        seen = [post for post in self.posts.values() if self._is_seen(post)]
        return sorted(seen, key=lambda post: post.sort_at, reverse=True)

    def _is_seen(self, post: Post) -> bool:
        hidden = post.did in self.blocked_by | self.blocking or post.uri in self.lagging
        return post.indexed_at <= self._now() and not hidden

    def _page(
        self, found: Sequence[Post], call: Call, name: str, shown: Callable[[Post], Any]
    ) -> dict[str, Any]:
        """Where it goes on is told as the last one's moment; what bears the same is left out."""
        size, cursor = _size(call), call.one("cursor")
        if cursor and not re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", cursor):
            raise invalid("Malformed cursor")
        rest = [post for post in found if not cursor or iso(post.sort_at) < cursor]
        page = rest[:size]
        more = {"cursor": iso(page[-1].sort_at)} if len(rest) > size else {}
        if self.stuck and cursor:
            more = {"cursor": cursor}
        told = [shown(post) for post in page if post.did not in self.muted]
        return {name: told, **more}

    def _view(self, post: Post) -> Any:
        return post.raw if post.raw else self._shown(post)

    def _shown(self, post: Post) -> dict[str, Any]:
        closed = {"replyDisabled": True} if post.root in self.closed else {}
        images = (post.record.get("embed") or {}).get("images", ())
        names = [image["image"]["ref"]["$link"] for image in images]
        cdn = f"https://cdn.bsky.app/img/feed_fullsize/plain/{post.did}"
        pictures = [{"fullsize": f"{cdn}/{name}", "alt": ""} for name in names]
        return {
            "uri": post.uri,
            "cid": post.cid,
            "author": self._author(post.did),
            "record": post.record,
            "indexedAt": iso(post.sort_at),
            "viewer": {"embeddingDisabled": False, **closed},
            "labels": [],
            **({"embed": {"images": pictures}} if pictures else {}),
        }

    def _author(self, did: str) -> dict[str, Any]:
        person = next(p for p in self.people.values() if p.did == did)
        blocked = {"blockedBy": did in self.blocked_by}
        blocking = {"blocking": f"at://{self.brand.did}/block"} if did in self.blocking else {}
        labels = [{"val": label, "src": did} for label in person.labels]
        viewer = {"muted": False, **blocked, **blocking}
        return {
            "did": did,
            "handle": person.handle,
            "viewer": viewer,
            "labels": labels,
            **person.profile,
        }

    # How it remembers

    def _add(self, who: Person, key: str, record: Mapping[str, Any], indexed_at: datetime) -> Post:
        uri = f"at://{who.did}/{FEED_POST}/{key}"
        self.posts[uri] = Post(uri=uri, did=who.did, record=record, indexed_at=indexed_at)
        return self.posts[uri]

    def _moment(self) -> datetime:
        """Each its own, to the millisecond."""
        self._last = max(self.clock(), self._last + timedelta(milliseconds=1))
        return self._last

    def _now(self) -> datetime:
        return max(self.clock(), self._last)

    def _reply_to(self, post: Post) -> dict[str, Any]:
        root = self.posts.get(post.root, post)
        return {"root": self._ref(root), "parent": self._ref(post)}

    def _ref(self, post: Post) -> dict[str, str]:
        return {"uri": post.uri, "cid": post.cid}


class Handler(Line, BaseHTTPRequestHandler):
    wbufsize = -1

    @property
    def bluesky(self) -> "BlueskyServer":
        return self.listener  # type: ignore[no-any-return]

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def _serve(self) -> None:
        address = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        token = self.headers.get("Authorization", "").removeprefix("Bearer ")
        name = address.path.removeprefix("/xrpc/")
        kind = self.headers.get("Content-Type", "")
        self.bluesky.serve(self, Call(name, parse_qs(address.query), token, kind, body))

    def send(self, reply: Reply) -> None:
        html = isinstance(reply.body, str)
        text = reply.body if html else json.dumps(reply.body)
        self._head(reply, "text/html" if html else "application/json", len(text.encode()))
        self.wfile.write(text.encode())
        self.wfile.flush()

    def drip(self) -> None:
        self._head(Reply(200, ""), "application/json", 10**6)
        while not self.bluesky.closing.wait(0.05):
            self.wfile.write(b" ")
            self.wfile.flush()
        self.close_connection = True

    def hang(self, seconds: float) -> None:
        self.bluesky.closing.wait(seconds)
        self.drop()

    def drop(self) -> None:
        self.close_connection = True
        self.connection.shutdown(SHUT_RDWR)

    def _head(self, reply: Reply, type: str, size: int) -> None:
        self.send_response(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Type", type)
        self.send_header("Content-Length", str(size))
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """The tests have their own story to tell."""


def calling(whom: Any, text: str) -> dict[str, Any]:
    """The words and the facet of a post that calls somebody, as an app writes it."""
    called = f"@{whom.handle}"
    feature = {"$type": "app.bsky.richtext.facet#mention", "did": whom.did}
    where = {"byteStart": 0, "byteEnd": len(called.encode())}
    return {"text": f"{called} {text}", "facets": [{"index": where, "features": [feature]}]}


def iso(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def invalid(message: str) -> Problem:
    return Problem(400, "InvalidRequest", message)


def link(text: str, shown: str, uri: str) -> dict[str, Any]:
    """The facet of a link in a text."""
    start = len(text[: text.index(shown)].encode())
    where = {"byteStart": start, "byteEnd": start + len(shown.encode())}
    return {"index": where, "features": [{"$type": "app.bsky.richtext.facet#link", "uri": uri}]}


def blobs(post: Post) -> Iterable[str]:
    """The names of a post's pictures."""
    for image in (post.record.get("embed") or {}).get("images", ()):
        yield image["image"]["ref"]["$link"]


def _size(call: Call) -> int:
    size = int(call.one("limit", "50"))
    if not 1 <= size <= 100:
        raise invalid("limit must be between 1 and 100")
    return size


def _half(reply: Reply) -> Reply:
    whole = json.dumps(reply.body)
    return replace(reply, body=whole[: len(whole) // 2])


def _did(handle: str) -> str:
    digest = base64.b32encode(hashlib.sha256(handle.encode()).digest())
    return f"did:plc:{digest.decode().lower()[:24]}"


def _cid(content: bytes) -> str:
    return f"bafyrei{base64.b32encode(hashlib.sha256(content).digest()).decode().lower()[:52]}"


def _token(scope: str, until: datetime, number: int) -> str:
    claims = {"scope": scope, "exp": int(until.timestamp()), "jti": str(number)}
    parts = [{"alg": "HS256"}, claims, {"signed": number}]
    coded = (base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=") for part in parts)
    return b".".join(coded).decode()
