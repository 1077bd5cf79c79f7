"""The line to YouTube: what is asked for, what it costs, and what errors mean."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from threading import Lock
from typing import Any

from adapters import scope
from adapters.google import Declined, Json, Line, NotGranted, Tokens, Visit, asked
from adapters.web import Web
from adapters.youtube.comments import Us, second
from adapters.youtube.quota import Units
from bot.domain.delivery import LockedOut, Refused, TryLater

LIMIT = 10_000  # characters
PAGE = 100  # comments
LONGEST = 20  # pages of answers in one thread; more are told as a gap
KEYS = ("YOUTUBE_CLIENT_ID", "YOUTUBE_CLIENT_SECRET", "YOUTUBE_REFRESH_TOKEN")
SPENT = {"quotaExceeded", "dailyLimitExceeded"}
TOO_LITTLE = {"insufficientPermissions", "ACCESS_TOKEN_SCOPE_INSUFFICIENT"}
NO_CHANNEL = {"youtubeSignupRequired", "channelNotFound", "ineligibleAccount"}
CLOSED = {"channelClosed", "channelSuspended", "authenticatedUserAccountSuspended"}
GONE = "The comment is gone: its author, the video's owner or YouTube has deleted it."
REFUSALS = {
    "commentsDisabled": "Comments are turned off for this video.",
    "forbidden": (
        "YouTube does not let our channel do this here: it may be blocked, or the comment may not"
        " be published."
    ),
    "processingFailure": (
        "YouTube could not process the answer, which mostly means that it does not like something"
        " in it. Change its words and send it again, or answer on YouTube itself."
    ),
    "commentTextTooLong": f"YouTube finds the answer too long; it takes {LIMIT} characters.",
    "commentTextRequired": "YouTube found no words in the answer.",
    "parentCommentIsPrivate": "The comment is not published, so nobody can answer it.",
    "operationNotSupported": "YouTube lets nobody answer this comment.",
}


class Gone(Refused):
    """It is not there, or not any more."""


class Channel:
    """One channel's comments at YouTube's API. All but `refusal` raises what `fetch` may raise."""

    def __init__(
        self, name: str, settings: Mapping[str, str], units: Units, now: Callable[[], datetime]
    ) -> None:
        self.name, self.units = name, units
        web = Web("YouTube", locked=f"Look at {scope(name, KEYS[2])}.")
        names = ("client_id", "client_secret", "refresh_token")
        form = dict(zip(names, (settings[key].strip() for key in KEYS), strict=True))
        form["grant_type"] = "refresh_token"
        tokens = Tokens(web, settings["YOUTUBE_TOKEN_URL"], lambda _: form, self._not_granted)
        self.line = Line("youtube", "v3", web, tokens, now).at(settings["YOUTUBE_API_URL"])
        self.us: Us | None = None
        self._lock = Lock()

    def visit(self) -> Visit:
        return self.line.visit()

    def me(self, visit: Visit) -> Us:
        with self._lock:
            self.us = self.us or self.who(visit)
            return self.us

    def who(self, visit: Visit) -> Us:
        request = self.line.service.channels().list(part="snippet", mine=True)
        try:
            items, _ = self._listed(visit, request, about_an_answer=True)
        except Declined as no:
            raise self.shut(no) from no
        if not items:
            raise LockedOut(self._without_a_channel())
        try:
            id, said = str(items[0]["id"]), items[0]["snippet"]
            return Us(id, str(said["title"]), str(said.get("customUrl") or id))
        except (KeyError, TypeError, AttributeError):
            raise TryLater("YouTube does not say who we are.") from None

    def shut(self, no: Declined) -> Exception:
        """What it means that we are not shown something."""
        token = scope(self.name, KEYS[2])
        if no.reasons & SPENT:
            return self.units.used_up()
        if no.reasons & TOO_LITTLE:
            return LockedOut(
                "What the channel's owner granted does not cover comments: grant the scope"
                f" youtube.force-ssl, and set {token}."
            )
        if no.reasons & NO_CHANNEL:
            return LockedOut(self._without_a_channel())
        if no.reasons & CLOSED:
            return LockedOut(f"YouTube has closed or suspended the channel: {no.why}")
        if no.status == 403:
            return LockedOut(f"YouTube does not show us the channel's comments: {no.why}")
        return TryLater(f"YouTube does not answer: {no.why}")

    def refusal(self, no: Declined) -> Exception:
        """What it means that something can't be done to a comment."""
        if no.reasons & (SPENT | TOO_LITTLE | NO_CHANNEL | CLOSED):
            return self.shut(no)
        for reason, sentence in REFUSALS.items():
            if reason in no.reasons:
                return Refused(sentence)
        if no.status == 404:
            return Gone(GONE)
        return Refused(f"YouTube would not do it: {no.why}")

    def _without_a_channel(self) -> str:
        return (
            "The account that granted access has no YouTube channel. Grant it again, choose the"
            f" brand's channel, and set {scope(self.name, KEYS[2])}."
        )

    def _not_granted(self, no: NotGranted) -> str:
        id, secret, token = (scope(self.name, key) for key in KEYS)
        if no.error == "invalid_grant":
            return (
                "Google does not accept our refresh token any more: access was revoked, a password"
                " changed, or the app is still in testing, where a grant ends after seven days."
                f" Publish the app, grant access again, and set {token}."
            )
        if no.error == "invalid_client":
            return f"Google does not know our OAuth client. Look at {id} and {secret}."
        if no.error == "unauthorized_client":
            return f"The refresh token was granted to another client. Look at {id} and {token}."
        return f"Google gives no token ({no.error}). Look at {id}, {secret} and {token}."

    def page(
        self, visit: Visit, us: Us, status: str, token: str | None
    ) -> tuple[Sequence[Any], str | None]:
        """Threads, newest first."""
        what: dict[str, Any] = {"part": "snippet,replies", "textFormat": "plainText"}
        what |= {"allThreadsRelatedToChannelId": us.id, "moderationStatus": status}
        what |= {"order": "time", "maxResults": PAGE} | ({"pageToken": token} if token else {})
        return self._listed(visit, self._threads.list(**asked(**what)))

    def by_ids(self, visit: Visit, ids: Sequence[str]) -> Sequence[Any]:
        """Threads, by the ids of their first comments: at most `BATCH`."""
        what = {"part": "snippet,replies", "textFormat": "plainText", "id": ",".join(ids)}
        return self._listed(visit, self._threads.list(**asked(**what)))[0]

    def by_id(self, visit: Visit, ids: Sequence[str]) -> Sequence[Any]:
        what = {"part": "snippet", "textFormat": "plainText", "id": ",".join(ids)}
        request = self._comments.list(**asked(**what))
        return self._listed(visit, request, about_an_answer=len(ids) == 1)[0]

    def below(self, visit: Visit, id: str, **how: Any) -> tuple[Sequence[Any], bool]:
        """All answers in a thread, oldest first, and whether these are all."""
        found, token = list[Any](), None
        what: dict[str, Any] = {"part": "snippet", "textFormat": "plainText", "parentId": id}
        for _ in range(LONGEST):
            more: dict[str, Any] = {"pageToken": token} if token else {}
            request = self._comments.list(**asked(**what, maxResults=PAGE, **more))
            items, token = self._listed(visit, request, **how)
            found += items
            if not token:
                break
        return sorted(found, key=second), token is None

    def _listed(
        self, visit: Visit, request: Any, *, about_an_answer: bool = False
    ) -> tuple[Sequence[Any], str | None]:
        self.units.look(about_an_answer=about_an_answer)
        told = visit.ask(request)
        items, token = told.get("items", []), told.get("nextPageToken")
        if not isinstance(items, list) or not isinstance(token, str | None):
            raise TryLater("YouTube answered something that makes no sense.")
        return items, token or None

    def answer(self, visit: Visit, thread: str, text: str) -> str:
        """Say it below the first comment of a thread; the id of what was made."""
        body = {"snippet": {"parentId": thread, "textOriginal": text}}
        made = self._write(visit, self._comments.insert(part="snippet", body=body))
        if not made.get("id"):
            raise TryLater("YouTube did not say whether it published the answer.")
        return str(made["id"])

    def change(self, visit: Visit, id: str, text: str) -> None:
        body = {"id": id, "snippet": {"textOriginal": text}}
        self._write(visit, self._comments.update(part="snippet", body=body))

    def delete(self, visit: Visit, id: str) -> None:
        """What is not there needs no deleting."""
        try:
            self._write(visit, self._comments.delete(id=id))
        except Gone:
            return

    def _write(self, visit: Visit, request: Any) -> Json:
        self.units.write()
        try:
            return visit.ask(request)
        except Declined as no:
            raise self.refusal(no) from no

    @property
    def _comments(self) -> Any:
        return self.line.service.comments()

    @property
    def _threads(self) -> Any:
        return self.line.service.commentThreads()
