"""A strict Reddit on this machine: the part of its API that we use, over real HTTP.

Written from Reddit's documentation and from what PRAW sends and expects; no request has gone to
Reddit itself.
"""

import base64
import html
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from adapters import scope
from tests.adapters.api import Api, Call, Reply

KEYS = {
    "REDDIT_CLIENT_ID": "ri-acme",
    "REDDIT_CLIENT_SECRET": "rs-acme-77f1",
    "REDDIT_USERNAME": "acme",
    "REDDIT_PASSWORD": "rp-acme-90ab",
}
REFRESH = "rr-acme-11c2"
BRAND, MODERATOR, ROBOT = "acme", "ola", "AutoModerator"
SCOPES = "identity privatemessages read history submit edit"
CAP, LIMIT, LOOKUP = 1000, 10_000, 100
LISTED = {"limit", "after", "raw_json"}
WRITTEN = {"api_type"}
DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True, kw_only=True)
class Thing:
    """A comment (t1) or a post (t3)."""

    name: str
    by: str | None  # None: deleted
    text: str
    at: datetime
    link: str  # the post's name; its own, if it is one
    parent: str | None = None
    title: str = ""
    subreddit: str = "kettles"
    edited: float | bool = False
    listed_at: datetime | None = None
    more: Mapping[str, Any] | None = None
    raw: Mapping[str, Any] | None = None  # what is answered instead, when it is spoilt


class Problem(Exception):
    def __init__(self, status: int, body: Any, **headers: str) -> None:
        super().__init__(str(status))
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.reply = Reply(status, body, named)


def plainly(status: int, message: str, **more: Any) -> Problem:
    return Problem(status, {"message": message, "error": status, **more})


class RedditServer(Api):
    """Reddit, with the brand u/acme and whoever posts."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        super().__init__()
        self.clock = clock
        self.things: dict[str, Thing] = {}
        self.inbox: dict[str, list[str]] = {"mentions": [], "comments": [], "selfreply": []}
        self.tokens: set[str] = set()
        self.granted = SCOPES
        self.suspended = False
        self.two_factors = False
        self.script = True
        self.closed: dict[str, str] = {}  # subreddits that are private or banned, and which
        self.cap = CAP
        self.left: str | None = None  # of the limit; None: not told
        self.reset = "60"
        self.refuses: list[str] | None = None  # what api/comment says next
        self._last = 46_656
        self.question = self.post("Which kettle?", "I need one.", by=MODERATOR)

    def environment(self, account: str = "reddit") -> dict[str, str]:
        values = {**KEYS, "REDDIT_URL": self.url, "REDDIT_API_URL": self.url}
        return {scope(account, name): value for name, value in values.items()}

    # What people do

    def post(self, title: str, text: str = "", *, by: str = "mira", **more: Any) -> str:
        name = f"t3_{self._number()}"
        thing = Thing(name=name, by=by, text=text, at=self.clock(), link=name, title=title, **more)
        self.things[name] = thing
        return name

    def comment(self, text: str, *, by: str = "mira", parent: str = "", **more: Any) -> str:
        """Below a post or another comment; whoever is named or answered is told."""
        above = self.things[parent or self.question]
        name = f"t1_{self._number()}"
        where = {"link": above.link, "parent": above.name, "subreddit": above.subreddit}
        self.things[name] = Thing(name=name, by=by, text=text, at=self.clock(), **where, **more)
        if by != BRAND:
            kind = "comments" if above.name.startswith("t1_") else "selfreply"
            told = kind if above.by == BRAND else "mentions" if f"u/{BRAND}" in text else ""
            if told:
                self.inbox[told].append(name)
        return name

    def message(self, text: str) -> None:
        """A private message lies in the same inbox."""
        name = f"t4_{self._number()}"
        raw = {"name": name, "author": "mira", "body": text, "created_utc": self._now()}
        self.things[name] = Thing(
            name=name, by="mira", text=text, at=self.clock(), link="", raw=raw
        )
        self.inbox["mentions"].append(name)

    def spoil(self) -> str:
        name = self.comment(f"u/{BRAND} spoilt")
        raw = {"name": name, "created_utc": self._now(), "body": 7, "edited": "?"}
        self.things[name] = replace(self.things[name], raw=raw)
        return name

    def change(self, name: str, **more: Any) -> None:
        self.things[name] = replace(self.things[name], **more)

    def edit(self, name: str, text: str) -> None:
        self.change(name, text=text, edited=self._now() + 1)

    def delete(self, name: str) -> None:
        """By its author: listings forget it, asked by name it is still there."""
        self.change(name, by=None, text="[deleted]")

    def answers(self) -> list[Thing]:
        return [t for t in self.things.values() if t.by == BRAND and t.name.startswith("t1_")]

    # What Reddit does

    def answer(self, call: Call) -> Reply:
        try:
            if call.name == "POST /api/v1/access_token":
                return Reply(200, self._token(call))
            return self._limited(Reply(200, self._route(call)))
        except Problem as problem:
            return self._limited(problem.reply)

    def _limited(self, reply: Reply) -> Reply:
        if self.left is None:
            return reply
        told = {"remaining": self.left, "used": "40", "reset": self.reset}
        return replace(reply, headers={f"x-ratelimit-{name}": one for name, one in told.items()})

    def _token(self, call: Call) -> Any:
        known = f"{KEYS['REDDIT_CLIENT_ID']}:{KEYS['REDDIT_CLIENT_SECRET']}"
        basic = base64.b64encode(known.encode()).decode()
        if call.headers.get("authorization") != f"Basic {basic}":
            raise plainly(401, "Unauthorized")
        if call.said("grant_type") == "refresh_token":
            if call.said("refresh_token") != REFRESH:
                raise plainly(400, "Bad Request")
        elif not self.script:
            return {"error": "unauthorized_client"}
        elif self.two_factors or (call.said("username"), call.said("password")) != (
            KEYS["REDDIT_USERNAME"],
            KEYS["REDDIT_PASSWORD"],
        ):
            return {"error": "invalid_grant"}
        token = f"token-{len(self.tokens)}"
        self.tokens = {*self.tokens, token}
        told = {"access_token": token, "token_type": "bearer", "expires_in": 3600}
        return {**told, "scope": self.granted}

    def _route(self, call: Call) -> Any:
        token = call.headers.get("authorization", "").removeprefix("bearer ")
        if token not in self.tokens:
            raise plainly(401, "Unauthorized")
        agent = call.headers.get("user-agent", "")
        if not agent.startswith("server:unanswered:"):
            raise plainly(429, "Too Many Requests")
        what, needs, allowed = self._found(call)
        if needs not in self.granted.split() and self.granted != "*":
            denied = 'Bearer realm="reddit", error="insufficient_scope"'
            raise Problem(403, {"message": "Forbidden", "error": 403}, www_authenticate=denied)
        if unknown := {*call.query, *call.form} - allowed:
            raise plainly(400, f"unknown: {sorted(unknown)}")
        return what(call)

    def _found(self, call: Call) -> tuple[Callable[[Call], Any], str, set[str]]:
        search = LISTED | {"q", "sort", "type", "t"}
        routes: dict[str, tuple[Callable[[Call], Any], str, set[str]]] = {
            "GET /api/v1/me": (self._me, "identity", {"raw_json"}),
            "GET /message/mentions": (self._inbox, "privatemessages", LISTED),
            "GET /message/comments": (self._inbox, "privatemessages", LISTED),
            "GET /message/selfreply": (self._inbox, "privatemessages", LISTED),
            f"GET /user/{BRAND}/comments": (self._own, "history", LISTED | {"sort"}),
            "GET /search": (self._search, "read", search),
            "GET /api/info": (self._info, "read", {"id", "raw_json"}),
            "POST /api/comment": (
                self._comment,
                "submit",
                WRITTEN | {"thing_id", "text", "raw_json"},
            ),
            "POST /api/editusertext": (
                self._change,
                "edit",
                WRITTEN | {"thing_id", "text", "raw_json"},
            ),
            "POST /api/del": (self._delete, "edit", WRITTEN | {"id", "raw_json"}),
        }
        if call.path.startswith("/r/") and call.path.endswith(("/comments", "/new")):
            return self._subreddit, "read", LISTED
        if call.name not in routes:
            raise plainly(404, "Not Found")
        return routes[call.name]

    def _me(self, call: Call) -> Any:
        return {"name": BRAND, "id": "abc", "is_suspended": self.suspended}

    def _inbox(self, call: Call) -> Any:
        """Little is told of each: no link, no edits, and its address only as `context`."""
        names = self.inbox[call.path.rpartition("/")[2]]
        return self._listing(call, [self.things[name] for name in names], told=self._in_the_inbox)

    def _own(self, call: Call) -> Any:
        return self._listing(call, self.answers())

    def _subreddit(self, call: Call) -> Any:
        _, _, names, what = call.path.split("/")
        subreddits = names.split("+")
        for name in subreddits:
            if name in self.closed:
                raise plainly(403, "Forbidden", reason=self.closed[name])
            if not any(t.subreddit == name for t in self.things.values()):
                raise Problem(302, "", location=f"{self.url}/subreddits/search?q={name}")
        kind = "t1_" if what == "comments" else "t3_"
        found = [t for t in self.things.values() if t.subreddit in subreddits]
        return self._listing(call, [t for t in found if t.name.startswith(kind)])

    def _search(self, call: Call) -> Any:
        words = call.said("q").strip('"').casefold()
        found = [t for t in self.things.values() if words in f"{t.title} {t.text}".casefold()]
        return self._listing(call, [t for t in found if t.name.startswith("t3_")])

    def _info(self, call: Call) -> Any:
        names = call.said("id").split(",")
        if len(names) > LOOKUP:
            raise plainly(400, "Bad Request")
        there = [self.things[name] for name in names if name in self.things]
        shown = [t for t in there if t.subreddit not in self.closed]
        return self._wrapped([self._told(t, call) for t in shown], None)

    def _comment(self, call: Call) -> Any:
        name, text = call.said("thing_id"), call.said("text")
        above = self.things.get(name)
        refusal = self.refuses or self._refusal(above, text)
        self.refuses = None
        if refusal:
            return {"json": {"errors": [refusal]}}
        made = self.comment(text, by=BRAND, parent=name)
        return {"json": {"errors": [], "data": {"things": [self._told(self.things[made], call)]}}}

    def _refusal(self, above: Thing | None, text: str) -> list[str] | None:
        """A deleted comment can be answered: Reddit says nothing."""
        if not text.strip():
            return ["NO_TEXT", "we need something here", "text"]
        if len(text) > LIMIT:
            return ["TOO_LONG", f"this is too long (max: {LIMIT})", "text"]
        if above and (self.things[above.link].more or {}).get("locked"):
            return ["THREAD_LOCKED", "Comments are locked.", "parent"]
        return None

    def _change(self, call: Call) -> Any:
        thing = self._ours(call.said("thing_id"))
        self.edit(thing.name, call.said("text"))
        return {"json": {"errors": [], "data": {"things": [self._told(thing, call)]}}}

    def _delete(self, call: Call) -> Any:
        """What is deleted already, or not there, is as good as deleted."""
        if call.said("id") in self.things:
            self.delete(self._ours(call.said("id"), deleted=True).name)
        return {}

    def _ours(self, name: str, *, deleted: bool = False) -> Thing:
        thing = self.things[name]
        if thing.by != BRAND and not (deleted and thing.by is None):
            raise plainly(403, "Forbidden")
        return thing

    # How Reddit shows it

    def _listing(
        self, call: Call, found: Sequence[Thing], told: Callable[..., Any] | None = None
    ) -> Any:
        """Newest first, the last thousand; from a place that is gone on there is nothing."""
        now = self.clock()
        listed = [t for t in found if t.by and (not t.listed_at or t.listed_at <= now)]
        newest = sorted(listed, key=lambda t: _value(t.name), reverse=True)[: self.cap]
        size, after = min(int(call.said("limit", "25")), 100), call.said("after")
        if after:
            names = [t.name for t in newest]
            newest = newest[names.index(after) + 1 :] if after in names else []
        page = newest[:size]
        more = page[-1].name if len(newest) > size else None
        return self._wrapped([(told or self._told)(t, call) for t in page], more)

    def _wrapped(self, children: Sequence[Any], after: str | None) -> Any:
        data = {"children": children, "after": after, "before": None, "dist": len(children)}
        return {"kind": "Listing", "data": data}

    def _in_the_inbox(self, thing: Thing, call: Call) -> Any:
        if thing.raw:
            return {"kind": thing.name[:2], "data": thing.raw}
        told = self._told(thing, call)["data"]
        few = ("name", "id", "author", "body", "created_utc", "parent_id", "subreddit")
        context = f"{told['permalink']}?context=3"
        return {"kind": "t1", "data": {name: told[name] for name in few} | {"context": context}}

    def _told(self, thing: Thing, call: Call) -> Any:
        kind, bare = thing.name[:2], thing.name[3:]
        if thing.raw:
            return {"kind": kind, "data": thing.raw}
        text = thing.text if call.said("raw_json") == "1" else html.escape(thing.text, quote=False)
        where = f"/r/{thing.subreddit}/comments/{thing.link[3:]}/which_kettle/"
        said = {
            "name": thing.name,
            "id": bare,
            "author": thing.by or "[deleted]",
            "created_utc": thing.at.timestamp(),
            "edited": thing.edited,
            "subreddit": thing.subreddit,
            "subreddit_type": "public",
            "archived": False,
            "locked": False,
            "distinguished": None,
        }
        if thing.by:
            said["author_fullname"] = f"t2_{thing.by.casefold()}"
        if kind == "t1":
            said |= {"body": text, "parent_id": thing.parent, "link_id": thing.link}
            said |= {"permalink": f"{where}{bare}/"}
        else:
            said |= {"title": thing.title, "selftext": text, "permalink": where}
        return {"kind": kind, "data": {**said, **(thing.more or {})}}

    def _now(self) -> float:
        return self.clock().timestamp()

    def _number(self) -> str:
        self._last += 1
        number, digits = self._last, ""
        while number:
            number, rest = divmod(number, 36)
            digits = DIGITS[rest] + digits
        return digits


def _value(name: str) -> int:
    return int(name[3:], 36)
