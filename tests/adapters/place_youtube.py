"""YouTube's comments, after the description of its API: a stand-in on this machine."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from html import escape
from itertools import count

from adapters import Adapter, make
from adapters.youtube import YouTube
from tests.adapters.google_server import Google, Json, dumped, error
from tests.adapters.places import HISTORY, Clock
from tests.adapters.site import Said

US, VIDEO = "UCacme0000000000000000_A", "dQw4w9WgXcQ"
OTHER = "UCother000000000000000_B"
SHOWN = 2  # answers that a thread shows of its own accord


@dataclass
class Written:
    id: str
    by: str
    text: str
    at: datetime
    updated: datetime
    parent: str = ""
    status: str = "published"
    video: str = VIDEO
    more: Json = field(default_factory=dict)


class YouTubePlace(Google):
    """One channel with one video. What is no answer and not published is on lists of its own."""

    api, version = "youtube", "v3"
    can_answer = can_edit = can_delete = can_look = True
    has_credentials = first_run_reads_back = True
    can_correct = can_withdraw = can_find = True
    can_thread = can_bring = False

    def __init__(self) -> None:
        super().__init__()
        self.clock, self.numbers = Clock(), count(1)
        self.comments: dict[str, Written] = {}
        self.spoiled: list[Json] = []
        self.closed: set[str] = set()  # threads in which we may not answer
        self.channels: list[Json] = [
            {"id": US, "snippet": {"title": "Acme", "customUrl": "@acme"}},
        ]
        self.grants: Said | None = None
        self.pinned = ""  # a comment that stands above newer ones
        self.broken_token, self.page = False, 100
        self.adapter = self.restarted()

    def restarted(self, **settings: str) -> YouTube:
        environment = {
            "YOUTUBE_CLIENT_ID": "id.apps.example",
            "YOUTUBE_CLIENT_SECRET": "GOCSPX-secret",
            "YOUTUBE_REFRESH_TOKEN": "1//refresh",
            "YOUTUBE_API_URL": self.url,
            "YOUTUBE_TOKEN_URL": f"{self.url}/token",
            **settings,
        }
        adapter = make("youtube", YouTube, environment, self.clock, HISTORY)
        assert isinstance(adapter, YouTube)
        return adapter

    def locked_out(self) -> Adapter:
        return self.restarted(YOUTUBE_REFRESH_TOKEN="1//revoked")

    def post(self, text: str, *, by: str = "mira", parent: str | None = None, **more: str) -> str:
        """An answer to an answer stands below the first comment, with a name in front."""
        number = next(self.numbers)
        if parent is None:
            return self._add(f"UgxAAAA{number}4AaABAg", f"@{by}", text, **more)
        first, answered = parent.partition(".")[0], self.comments[parent]
        text = f"{answered.by} {text}" if answered.parent else text
        return self._add(f"{first}.9aBc{number}", f"@{by}", text, parent=first, **more)

    def _add(self, id: str, by: str, text: str, **more: str) -> str:
        now = self.clock()
        self.comments[id] = Written(id, by, text, now, now, **more)  # type: ignore[arg-type]
        return id

    def post_pictures(self, *pictures: bytes) -> str:
        raise NotImplementedError("Pictures have addresses on YouTube.")

    def answer_elsewhere(self, to: str, text: str) -> str:
        return self.post(text, by="acme", parent=to)

    def edit(self, key: str, text: str) -> None:
        self.clock.pass_(1)
        self.comments[key].text, self.comments[key].updated = text, self.clock()

    def delete(self, key: str) -> None:
        for id in [id for id, one in self.comments.items() if key in (id, one.parent)]:
            del self.comments[id]

    def automated(self, text: str) -> str:
        return f"nothing of the kind comes: {text}"

    def spoil(self) -> None:
        self.spoiled.append({"id": "UgxODD", "snippet": {"topLevelComment": {"id": "UgxODD"}}})
        self.spoiled.append({"id": "UgxODDER"})

    def answers(self) -> list[str]:
        return [one.text for one in self.comments.values() if one.by == "@acme" and one.parent]

    def lose_next_answer(self) -> None:
        self.lossy = "comments.insert"

    def lose_next_change(self) -> None:
        self.lossy = "comments.update comments.delete"

    def files(self) -> list[tuple[str, bytes]]:
        return []

    def changes(self) -> int:
        return self.called.count("comments.update") + self.called.count("comments.delete")

    def calls(self) -> int:
        return self.called.count("comments.insert")

    def too_long(self) -> str:
        return "x" * 10_001

    def pass_(self, minutes: float) -> None:
        self.clock.pass_(minutes)

    def granted(self, form: Mapping[str, str]) -> Said:
        known = {"client_id": "id.apps.example", "client_secret": "GOCSPX-secret"}
        if self.grants:
            return self.grants
        if form["grant_type"] != "refresh_token" or known.items() - form.items():
            return 401, {}, dumped({"error": "invalid_client", "error_description": "Unauthorized"})
        if form["refresh_token"] != "1//refresh":
            told = {
                "error": "invalid_grant",
                "error_description": "Token has been expired or revoked.",
            }
            return 400, {}, dumped(told)
        return self.token()

    def channels_list(self, asked: Json, _: Json) -> Said:
        assert asked["mine"] == "true"
        return 200, {}, dumped({"items": self.channels} if self.channels else {})

    def commentThreads_list(self, asked: Json, _: Json) -> Said:  # noqa: N802
        if "id" in asked:
            if {"moderationStatus", "order", "pageToken"} & asked.keys():
                return error(400, "operationNotSupported", "Not compatible with the id filter")
            found = [one for id in asked["id"].split(",") if (one := self.comments.get(id))]
            return 200, {}, dumped({"items": [self._thread(one, asked) for one in found]})
        if asked["allThreadsRelatedToChannelId"] != US:
            return error(403, "forbidden", "One or more threads cannot be retrieved")
        status = asked.get("moderationStatus", "published")
        first = [one for one in self.comments.values() if not one.parent and one.status == status]
        first.sort(key=lambda one: (one.id == self.pinned, one.at), reverse=True)
        items = [*(self.spoiled if status == "published" else []), *first]
        return self._paged(items, asked, lambda one: self._thread(one, asked))

    def comments_list(self, asked: Json, _: Json) -> Said:
        """Who asks for an id hears neither of a status nor of a video."""
        if "id" in asked:
            found = [self.comments.get(id) for id in asked["id"].split(",")]
            items = [self._item(one, asked) for one in found if one and one.status == "published"]
            return 200, {}, dumped({"items": items})
        if asked["parentId"] not in self.comments:
            return error(404, "commentNotFound", "The parent comment could not be found.")
        below = [one for one in self.comments.values() if one.parent == asked["parentId"]]
        return self._paged(below[::-1], asked, lambda one: self._item(one, asked))

    def _paged(self, items, asked: Json, drawn) -> Said:
        if self.broken_token and "pageToken" in asked:
            return error(400, "invalidPageToken", "The page token is invalid")
        size = min(int(asked.get("maxResults", 20)), self.page)
        begin = int(asked.get("pageToken", "at0")[2:])
        page = items[begin : begin + size]
        told: Json = {"items": [one if isinstance(one, dict) else drawn(one) for one in page]}
        told |= {"nextPageToken": f"at{begin + size}"} if items[begin + size :] else {}
        return 200, {}, dumped(told)

    def comments_insert(self, asked: Json, body: Json) -> Said:
        said = body["snippet"]
        first = self.comments.get(said["parentId"])
        if first is None or first.parent:
            return error(404, "parentCommentNotFound", "The parent comment could not be found.")
        if len(said["textOriginal"]) > 10_000:
            return error(400, "commentTextTooLong", "The comment is too long")
        made = self._add(
            f"{first.id}.9aBc{next(self.numbers)}", "@acme", said["textOriginal"], parent=first.id
        )
        return 200, {}, dumped(self._item(self.comments[made], {}))

    def comments_update(self, asked: Json, body: Json) -> Said:
        one = self.comments.get(body["id"])
        if one is None:
            return error(404, "commentNotFound", "The comment could not be found.")
        if one.by != "@acme":
            return error(403, "forbidden", "The comment could not be updated")
        self.edit(one.id, body["snippet"]["textOriginal"])
        return 200, {}, dumped(self._item(one, {}))

    def comments_delete(self, asked: Json, _: Json) -> Said:
        if asked["id"] not in self.comments:
            return error(404, "commentNotFound", "The comment could not be found.")
        self.delete(asked["id"])
        return 204, {}, b""

    def _thread(self, first: Written, asked: Json) -> Json:
        below = [one for one in self.comments.values() if one.parent == first.id]
        said: Json = {
            "channelId": US,
            "videoId": first.video,
            "topLevelComment": self._item(first, asked, whole=True),
            "totalReplyCount": len(below),
            "canReply": first.id not in self.closed,
            "isPublic": first.status == "published",
        }
        shown = [self._item(one, asked, whole=True) for one in below[-SHOWN:]]
        replies = {"replies": {"comments": shown[::-1]}} if shown else {}
        return {"kind": "youtube#commentThread", "id": first.id, "snippet": said} | replies

    def _item(self, one: Written, asked: Json, *, whole: bool = False) -> Json:
        shown = one.text if asked.get("textFormat") == "plainText" else escape(one.text)
        said: Json = {
            "authorDisplayName": one.by,
            "authorChannelUrl": f"http://www.youtube.com/{one.by}",
            "authorChannelId": {"value": US if one.by == "@acme" else f"UC{one.by[1:]}"},
            "textDisplay": shown,
            "publishedAt": _time(one.at),
            "updatedAt": _time(one.updated),
        }
        said |= {"textOriginal": one.text} if one.by == "@acme" else {}
        said |= {"parentId": one.parent} if one.parent else {}
        said |= {"videoId": one.video} if whole else {}
        if whole and "moderationStatus" in asked:
            said["moderationStatus"] = one.status
        return {"kind": "youtube#comment", "id": one.id, "snippet": said | one.more}


def _time(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")
