"""A strict Mastodon on this machine: the part of its API that we use, over real HTTP.

Written from Mastodon's documentation and from recordings of a real 4.7.3. Where other servers are
stricter or know less, this one is too: it knows no slash at the end, and it ignores keys of
idempotency unless told to `keeps_keys`.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from html import escape
from typing import Any

from adapters import scope
from tests.adapters.api import Api, Call, Reply, Upload

TOKEN = "mt-acme-7f3a"
BRAND = "acme"
SCOPES = ("read", "write")
CHARACTERS, FILES, FILE_SIZE, A_URL = 500, 4, 8_000_000, 23
TYPES = ("image/jpeg", "image/png", "image/gif", "image/webp", "video/mp4")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
PAGED = {"min_id", "max_id", "since_id", "limit"}
POSTED = {"status", "in_reply_to_id", "visibility", "spoiler_text", "sensitive", "media_ids[]"}
HEADS = {b"\x89PNG": "image/png", b"\xff\xd8\xff": "image/jpeg", b"GIF8": "image/gif"}
MENTION = re.compile(r"@(\w+)(?:@([\w.-]+\w))?")
OUTSIDE = "This action is outside the authorized scopes"
MISSING = "Record not found"


@dataclass(frozen=True)
class Account:
    """Somebody; `acct` has a server in it where it is another one."""

    id: str
    acct: str
    bot: bool = False
    fields: tuple[Mapping[str, Any], ...] = ()

    @property
    def username(self) -> str:
        return self.acct.partition("@")[0]


@dataclass(frozen=True, kw_only=True)
class Status:
    id: int
    by: str
    text: str
    at: datetime
    parent: int | None = None
    visibility: str = "public"
    spoiler: str = ""
    edited: datetime | None = None
    files: tuple["Media", ...] = ()
    raw: Mapping[str, Any] | None = None  # what is answered instead, when it is spoilt


@dataclass(frozen=True)
class Media:
    id: str
    type: str
    content: bytes


@dataclass(frozen=True)
class Notification:
    id: int
    kind: str
    by: str
    status: int | None
    at: datetime
    listed_at: datetime
    filtered: bool = False


class Problem(Exception):
    def __init__(self, status: int, why: str, **headers: str) -> None:
        super().__init__(why)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.reply = Reply(status, {"error": why}, named)


class MastodonServer(Api):
    """One server, with the brand @acme and whoever posts, here and elsewhere."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        super().__init__()
        self.clock = clock
        self.accounts: dict[str, Account] = {}
        self.statuses: dict[int, Status] = {}
        self.notifications: list[Notification] = []
        self.called: list[tuple[str, int]] = []  # whom a status of the brand's has called
        self.media: dict[str, Media] = {}
        self.waits = 0  # how often one must ask before an animation is ready
        self.scopes: Sequence[str] = SCOPES
        self.policy = dict.fromkeys(("for_new_accounts", "for_not_followers"), "accept")
        self.keeps_keys = False
        self.searches = True
        self.knows_many = True  # GET /api/v1/statuses, new in 4.3
        self.ignores_types = False
        self.characters, self.file_size = CHARACTERS, FILE_SIZE
        self.keys: dict[str, int] = {}
        self._last = 0
        self.account(BRAND)

    def environment(self, account: str = "mastodon") -> dict[str, str]:
        values = {"MASTODON_URL": self.url, "MASTODON_TOKEN": TOKEN}
        return {scope(account, name): value for name, value in values.items()}

    # What people do

    def account(self, acct: str, **more: Any) -> Account:
        known = self.accounts.get(acct) or Account(str(1000 + len(self.accounts)), acct)
        self.accounts[acct] = replace(known, **more)
        return self.accounts[acct]

    def post(
        self,
        text: str,
        *,
        by: str,
        parent: str | None = None,
        late: timedelta = timedelta(0),
        filtered: bool = False,
        **more: Any,
    ) -> str:
        """Somebody writes; whom it names is told, `late` and hidden if so wanted."""
        self.account(by)
        status = self._add(text, by, int(parent) if parent else None, **more)
        if any(name == BRAND for name in self._named(text)) and by != BRAND:
            self.notify("mention", by, status.id, late=late, filtered=filtered)
        return str(status.id)

    def notify(
        self,
        kind: str,
        by: str,
        status: int | None,
        late: timedelta = timedelta(0),
        filtered: bool = False,
    ) -> None:
        number, now = len(self.notifications) + 1, self.clock()
        self.account(by)
        told = Notification(number, kind, by, status, now, now + late, filtered)
        self.notifications.append(told)

    def spoil(self) -> str:
        """Something that is called a status, and lacks what every status has."""
        key = self.post("@acme spoilt", by="mira@far.example")
        self.statuses[int(key)] = replace(self.statuses[int(key)], raw={"id": key, "content": None})
        return key

    def edit(self, key: str, text: str) -> None:
        self.statuses[int(key)] = replace(
            self.statuses[int(key)], text=text, edited=self.clock() + timedelta(milliseconds=1)
        )

    def delete(self, key: str) -> None:
        self.statuses.pop(int(key), None)
        self.notifications = [n for n in self.notifications if n.status != int(key)]

    def answers(self) -> list[Status]:
        """What the brand published in answer to others, oldest first."""
        return [s for s in self.statuses.values() if s.by == BRAND and s.parent]

    def limit(self, reset: str, *, on: str = "") -> None:
        headers = {"x_ratelimit_remaining": "0", "x_ratelimit_reset": reset}
        self.fail(429, {"error": "Too many requests"}, on=on, **headers)

    # What the server does

    def answer(self, call: Call) -> Reply:
        try:
            return self._route(call)
        except Problem as problem:
            return problem.reply

    def _route(self, call: Call) -> Reply:
        if call.name in ("GET /api/v2/instance", "GET /api/v1/instance"):
            return Reply(200, self._instance())
        if call.headers.get("authorization") != f"Bearer {TOKEN}":
            error = 'Bearer realm="Doorkeeper", error="invalid_token"'
            raise Problem(401, "The access token is invalid", www_authenticate=error)
        for pattern, needs, allowed, route in self._routes():
            if found := re.fullmatch(pattern, call.name):
                self._must_be_allowed(call, needs, allowed)
                return route(call, *found.groups())
        raise Problem(404, "Not Found")

    def _routes(self) -> Sequence[tuple[str, str, set[str], Callable[..., Reply]]]:
        status = r"/api/v1/statuses/(\w+)"
        notified = PAGED | {"types[]", "include_filtered"}
        listed = PAGED | {"exclude_reblogs"}
        found = PAGED | {"q", "type", "exclude_unreviewed", "resolve"}
        made = {"description", "focus"}
        return [
            ("GET /api/v1/accounts/verify_credentials", "read:accounts", set(), self._who),
            ("GET /api/v1/apps/verify_credentials", "", set(), self._app),
            ("GET /api/v1/notifications", "read:notifications", notified, self._notifications),
            ("GET /api/v2/notifications/policy", "read:notifications", set(), self._policy),
            (r"GET /api/v1/accounts/(\w+)/statuses", "read:statuses", listed, self._own),
            (r"GET /api/v1/timelines/tag/(\w+)", "read:statuses", PAGED, self._tagged),
            ("GET /api/v2/search", "read:search", found, self._search),
            ("GET /api/v1/statuses", "read:statuses", {"id[]"}, self._many),
            (f"GET {status}", "read:statuses", set(), self._one),
            (f"GET {status}/context", "read:statuses", set(), self._context),
            ("POST /api/v1/statuses", "write:statuses", POSTED, self._publish),
            (f"PUT {status}", "write:statuses", POSTED, self._change),
            (f"DELETE {status}", "write:statuses", set(), self._delete),
            ("POST /api/v2/media", "write:media", made, self._upload),
            (r"GET /api/v1/media/(\w+)", "write:media", set(), self._uploaded),
        ]

    def _must_be_allowed(self, call: Call, needs: str, allowed: set[str]) -> None:
        if needs and not {needs, needs.partition(":")[0]} & set(self.scopes):
            raise Problem(403, OUTSIDE)
        if unknown := {*call.query, *call.form} - allowed:
            raise Problem(400, f"unknown parameters: {sorted(unknown)}")

    def _instance(self) -> dict[str, Any]:
        return {
            "domain": self.host,
            "version": "4.7.3",
            "configuration": {
                "statuses": {
                    "max_characters": self.characters,
                    "max_media_attachments": FILES,
                    "characters_reserved_per_url": A_URL,
                },
                "media_attachments": {
                    "supported_mime_types": list(TYPES),
                    "image_size_limit": self.file_size,
                },
            },
        }

    def _who(self, call: Call) -> Reply:
        return Reply(200, self._account(BRAND))

    def _app(self, call: Call) -> Reply:
        return Reply(200, {"name": "Unanswered", "scopes": list(self.scopes)})

    def _policy(self, call: Call) -> Reply:
        return Reply(200, self.policy)

    def _notifications(self, call: Call) -> Reply:
        kinds, all_of_them = call.query.get("types[]"), call.said("include_filtered") == "true"
        shown = [
            n
            for n in self.notifications
            if (not kinds or n.kind in kinds or self.ignores_types)
            and (all_of_them or not n.filtered)
            and n.listed_at <= self.clock()
        ]
        return self._page(call, [(n.id, self._notification(n)) for n in shown])

    def _notification(self, told: Notification) -> dict[str, Any]:
        status = self.statuses.get(told.status or 0)
        return {
            "id": str(told.id),
            "type": told.kind,
            "created_at": _iso(told.at),
            "account": self._account(told.by),
            "status": self._status(status) if status else None,
        }

    def _own(self, call: Call, id: str) -> Reply:
        return self._listed(call, [s for s in self.statuses.values() if self._author(s).id == id])

    def _tagged(self, call: Call, tag: str) -> Reply:
        found = [s for s in self.statuses.values() if f"#{tag}" in s.text]
        return self._listed(call, [s for s in found if s.visibility == "public"])

    def _search(self, call: Call) -> Reply:
        words, min_id = call.said("q"), int(call.said("min_id", "0"))
        found = [s for s in self.statuses.values() if words in s.text and self.searches]
        found = [s for s in found if s.visibility == "public" and s.id > min_id]
        calm = replace(call, query={k: v for k, v in call.query.items() if k != "min_id"})
        return Reply(200, {"accounts": [], "statuses": self._listed(calm, found).body})

    def _listed(self, call: Call, found: Sequence[Status]) -> Reply:
        return self._page(call, [(s.id, self._status(s)) for s in found])

    def _page(self, call: Call, found: Sequence[tuple[int, Any]]) -> Reply:
        """Newest first; with `min_id` those next to it, with `since_id` the newest."""
        size = min(int(call.said("limit", "20")), 40)
        if size < 1:
            raise Problem(400, "limit")
        lowest = max(int(call.said("min_id", "0")), int(call.said("since_id", "0")))
        highest = int(call.said("max_id", str(2**63)))
        rest = sorted((pair for pair in found if lowest < pair[0] < highest), key=lambda p: p[0])
        page = rest[:size] if call.said("min_id") else rest[-size:]
        return Reply(200, [one for _, one in reversed(page)])

    def _many(self, call: Call) -> Reply:
        if not self.knows_many:
            raise Problem(404, "Not Found")
        keys = call.query.get("id[]", ())
        if len(keys) > 20:
            raise Problem(422, "Too many")
        found = (self.statuses.get(int(key)) for key in keys)
        return Reply(200, [self._status(s) for s in found if s])

    def _one(self, call: Call, key: str) -> Reply:
        return Reply(200, self._status(self._there(key)))

    def _context(self, call: Call, key: str) -> Reply:
        ancestors, status = [], self._there(key)
        while status.parent and (above := self.statuses.get(status.parent)):
            ancestors.insert(0, self._status(above))
            status = above
        return Reply(200, {"ancestors": ancestors, "descendants": []})

    def _publish(self, call: Call) -> Reply:
        key = call.headers.get("idempotency-key", "")
        if not key:
            raise Problem(422, "This stand-in wants a key of idempotency.")
        if self.keeps_keys and key in self.keys:
            return Reply(200, self._status(self.statuses[self.keys[key]]))
        text, parent = call.said("status"), call.said("in_reply_to_id")
        if parent:
            self._there(parent)
        self._must_fit(call)
        made = self._add(
            text,
            BRAND,
            int(parent) if parent else None,
            visibility=call.said("visibility", "public"),
            spoiler=call.said("spoiler_text"),
            files=self._attached(call),
        )
        self.keys[key] = made.id
        self.called += [(name, made.id) for name in self._named(text)]
        return Reply(200, self._status(made))

    def _change(self, call: Call, key: str) -> Reply:
        status = self._ours(key)
        self._must_fit(call)
        self.statuses[status.id] = replace(
            status,
            text=call.said("status"),
            spoiler=call.said("spoiler_text"),
            edited=self.clock() + timedelta(seconds=1),
            files=self._attached(call),
        )
        return Reply(200, self._status(self.statuses[status.id]))

    def _delete(self, call: Call, key: str) -> Reply:
        told = self._status(self._ours(key))
        self.delete(key)
        return Reply(200, told)

    def _must_fit(self, call: Call) -> None:
        """As its StatusLengthValidator counts; what it says is in the account's language."""
        text = re.sub(r"https?://\S+", "x" * A_URL, call.said("status"))
        text = re.sub(r"(@\w+)@[\w.-]+\w", r"\1", text) + call.said("spoiler_text")
        if not text.strip() or len(text) > self.characters:
            raise Problem(422, "Gültigkeitsprüfung ist fehlgeschlagen: Text Begrenzung")

    def _attached(self, call: Call) -> tuple[Media, ...]:
        files = [self.media[id] for id in call.form.get("media_ids[]", ())]
        if len(files) > FILES or (len(files) > 1 and any(f.type == "image/gif" for f in files)):
            raise Problem(422, "Cannot attach these files together")
        if self.waits and any(file.type == "image/gif" for file in files):
            raise Problem(422, "Cannot attach files that have not finished processing")
        return tuple(files)

    def _upload(self, call: Call) -> Reply:
        file: Upload = call.files["file"]
        if len(file.content) > self.file_size:
            raise Problem(422, "File size must be less than 8 MB")
        known = next((kind for head, kind in HEADS.items() if file.content.startswith(head)), "")
        if known != file.type:
            raise Problem(422, "File content type is invalid")
        media = Media(str(900 + len(self.media)), file.type, file.content)
        self.media[media.id] = media
        return self._told_media(media)

    def _uploaded(self, call: Call, id: str) -> Reply:
        self.waits = max(self.waits - 1, 0)
        return self._told_media(self.media[id])

    def _told_media(self, media: Media) -> Reply:
        waits = self.waits and media.type == "image/gif"
        url = None if waits else f"{self.url}/media/{media.id}"
        return Reply(202 if waits else 200, {"id": media.id, "type": "image", "url": url})

    # How it shows it

    def _there(self, key: str) -> Status:
        status = self.statuses.get(int(key)) if key.isdecimal() else None
        if not status:
            raise Problem(404, MISSING)
        return status

    def _ours(self, key: str) -> Status:
        status = self._there(key)
        if status.by != BRAND:
            raise Problem(404, MISSING)
        return status

    def _author(self, status: Status) -> Account:
        return self.accounts[status.by]

    def _account(self, acct: str) -> dict[str, Any]:
        account = self.accounts[acct]
        home = f"https://{acct.partition('@')[2]}" if "@" in acct else self.url
        return {
            "id": account.id,
            "username": account.username,
            "acct": acct,
            "display_name": account.username.title(),
            "bot": account.bot,
            "created_at": "2024-02-01T00:00:00.000Z",
            "followers_count": 12,
            "url": f"{home}/@{account.username}",
            "fields": list(account.fields),
        }

    def _status(self, status: Status) -> Mapping[str, Any]:
        if status.raw:
            return status.raw
        return {
            "id": str(status.id),
            "created_at": _iso(status.at),
            "edited_at": _iso(status.edited) if status.edited else None,
            "in_reply_to_id": str(status.parent) if status.parent else None,
            "visibility": status.visibility,
            "spoiler_text": status.spoiler,
            "language": "en",
            "uri": f"{self.url}/users/{status.by}/statuses/{status.id}",
            "url": f"{self.url}/@{status.by}/{status.id}",
            "content": self._html(status.text),
            "reblog": None,
            "account": self._account(status.by),
            "media_attachments": [
                {"id": file.id, "type": "image", "url": f"{self.url}/media/{file.id}"}
                for file in status.files
            ],
        }

    def _html(self, text: str) -> str:
        """Escaped, in paragraphs, with links; a name without its server, as Mastodon shows it."""

        def link(found: re.Match[str]) -> str:
            home = f"https://{found[2]}" if found[2] else self.url
            name = f"@<span>{found[1]}</span>"
            href = f'<a href="{home}/@{found[1]}" class="u-url mention">{name}</a>'
            return f'<span class="h-card" translate="no">{href}</span>'

        html = MENTION.sub(link, escape(text.replace("\0", ""), quote=False))
        tag = r'\1<a href="/tags/\2" class="mention hashtag" rel="tag">#<span>\2</span></a>'
        html = re.sub(r"(^|\s)#(\w+)", tag, html)
        return "".join(f"<p>{part}</p>" for part in html.split("\n\n")).replace("\n", "<br />")

    def _named(self, text: str) -> list[str]:
        return [f"{n}@{server}" if server else n for n, server in MENTION.findall(text)]

    def _add(self, text: str, by: str, parent: int | None, **more: Any) -> Status:
        now = (self.clock() - EPOCH) // timedelta(milliseconds=1) << 16
        self._last = id = max(now, self._last + 1)
        self.statuses[id] = Status(id=id, by=by, text=text, at=self.clock(), parent=parent, **more)
        return self.statuses[id]


def _iso(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03}Z"
