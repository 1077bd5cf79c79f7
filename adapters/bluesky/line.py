"""One account's line to its Bluesky server (PDS): signed in once, and why it is shut out.

https://docs.bsky.app/docs/advanced-guides/rate-limits
"""

import json
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock
from typing import Any

from atproto import Client  # type: ignore[import-untyped]
from atproto.exceptions import AtProtocolError  # type: ignore[import-untyped]
from atproto_client.models.dot_dict import DotDict  # type: ignore[import-untyped]

from adapters import web
from adapters.bluesky.wire import Declined, SessionOver, Wire
from bot.domain.delivery import LockedOut, TryLater

Json = Mapping[str, Any]
BETWEEN = timedelta(minutes=5)  # two sign-ins: Bluesky grants 300 a day
SOON = timedelta(seconds=5)
NO_PDS = ("", "MethodNotImplemented", "XRPCNotSupported")  # errors of what is no PDS
SHUT = {
    "AccountTakedown": "taken down",
    "AccountSuspended": "suspended",
    "AccountDeactivated": "deactivated",
}
NONSENSE = (AtProtocolError, AttributeError, KeyError, TypeError, ValueError)
ALL_RIGHTS = "com.atproto.access"  # the scope of a session that the account's own password began


@dataclass(frozen=True)
class Us:
    """The account we are signed in as."""

    did: str
    handle: str


@dataclass(frozen=True)
class Named:
    """What a person is told to look at: how the settings are called."""

    handle: str
    password: str
    url: str


class Signed(Client):  # type: ignore[misc]
    """The library's client with one session, which the library renews shortly before it ends."""

    session: Any = None

    def __init__(self, address: str, wire: Wire) -> None:
        super().__init__(address, wire)
        self._now = wire.now
        self.on_session_change(self._keep)

    def get_current_time(self) -> datetime:
        return self._now()

    def _keep(self, _: object, session: Any) -> None:
        self.session = session


class Line:
    """One account at one server. Its session is kept, renewed and lost in memory only.

    All that asks raises `TryLater`, `LockedOut` and `Declined`.
    """

    def __init__(
        self,
        address: str,
        handle: str,
        password: str,
        named: Named,
        now: Callable[[], datetime],
    ) -> None:
        self.address, self.handle, self._password = address, handle, password
        self.named, self.now = named, now
        self.connection = web.Line()
        self.connection.auth = _as_it_is
        self._client: Signed | None = None
        self._not_before, self._trouble = now(), ""
        self._lock = Lock()

    def visit(self) -> AbstractContextManager[None]:
        """All requests inside, in this thread, share one patience."""
        return self.connection.visit()

    @property
    def us(self) -> Us:
        session = self._signed_in().session
        return Us(str(session.did), str(session.handle))

    @property
    def has_all_rights(self) -> bool:
        """Whether we signed in with the account's own password, and not with an app's."""
        return bool(self._signed_in().session.access_jwt_payload.scope == ALL_RIGHTS)

    def ask(self, method: str, **params: Any) -> Json:
        """What a query answers; parameters that are None are left out."""
        given = DotDict({name: value for name, value in params.items() if value is not None})
        return self._heard(lambda client: client.invoke_query(method, given))

    def tell(self, method: str, data: Json) -> Json:
        """What a procedure answers."""
        return self.send(method, json.dumps(data).encode(), "application/json")

    def send(self, method: str, content: bytes, type: str) -> Json:
        """The same for what need not be JSON: `type` is its MIME type."""
        how = {"content": content, "headers": {"Content-Type": type}}
        return self._heard(lambda client: client.invoke_procedure(method, **how))

    def _heard(self, ask: Callable[[Signed], Any]) -> Json:
        client = self._signed_in()
        try:
            return _sensible(ask(client).content)
        except SessionOver as over:
            self._leave(client)
            why = "Our session on Bluesky is over; we sign in anew."
            raise TryLater(why, SOON, surely_not_done=True) from over
        except Declined as no:
            if no.barred and no.error in SHUT:
                raise self._shut_out(no) from no
            if not no.error:
                raise TryLater(f"Bluesky did not answer properly: {no.why}") from no
            raise
        except NONSENSE:  # what the library says of it may contain the session's keys
            raise TryLater("Bluesky answered something that makes no sense.") from None

    # Signing in

    def _signed_in(self) -> Signed:
        with self._lock:
            if self._client is None:
                self._must_not_hurry()
                self._client = self._sign_in()
            return self._client

    def _leave(self, client: Signed) -> None:
        with self._lock:
            if self._client is client:
                self._client = None

    def _must_not_hurry(self) -> None:
        """Who signs in too often is shut out for a day: the last word is repeated instead."""
        if (wait := self._not_before - self.now()) <= timedelta(0):
            return
        if self._trouble:
            raise LockedOut(self._trouble)
        raise TryLater("We signed in on Bluesky moments ago.", wait, surely_not_done=True)

    def _sign_in(self) -> Signed:
        client = self._new_client()
        try:
            client.login(self.handle, self._password, fetch_bsky_profile=False)
        except TryLater as later:
            later.surely_not_done = True
            self._wait(later.after or timedelta(0))
            raise
        except (Declined, SessionOver, *NONSENSE) as no:
            locked = self._shut_out(no)
            self._wait(BETWEEN, str(locked))
            raise locked from None
        self._wait(BETWEEN)
        return client

    def _wait(self, time: timedelta, trouble: str = "") -> None:
        self._not_before, self._trouble = self.now() + time, trouble

    def _new_client(self) -> Signed:
        """One that knows of no session: the library would try to renew a broken one first."""
        return Signed(self.address, Wire(self.connection, self.address, self.now))

    def _shut_out(self, no: Exception) -> LockedOut:
        """Another sentence for each way of getting the settings wrong."""
        error = no.error if isinstance(no, Declined) else ""
        if error in SHUT:
            return LockedOut(f"Bluesky has {self.handle} {SHUT[error]}. Sign in there to see why.")
        if error == "AuthFactorTokenRequired":
            return LockedOut(
                f"{self.named.password} is the account's own password, and Bluesky wants a code as"
                " well. Make an app password: Settings, Privacy and security, App passwords."
            )
        if error == "AuthenticationRequired":
            return LockedOut(self._whose_fault())
        if error in NO_PDS:
            return LockedOut(
                f"There is no Bluesky server (PDS) at {self.address}. Look at {self.named.url}."
            )
        return LockedOut(f"Bluesky does not let us in: {no} Look at {self.named.password}.")

    def _whose_fault(self) -> str:
        """A server says the same of a wrong password and of somebody it has never heard of."""
        who = self.handle
        try:
            who = who if who.startswith("did:") else self._did()
        except Declined:
            return f"Nobody on Bluesky is called {self.handle}. Look at {self.named.handle}."
        except (TryLater, SessionOver, *NONSENSE):
            who = ""
        if who and not self._lives_here(who):
            return f"{self.handle} has no account at {self.address}. Look at {self.named.url}."
        return (
            f"Bluesky does not accept the password of {self.handle}: it is wrong, or was revoked."
            f" Look at {self.named.password}."
        )

    def _did(self) -> str:
        asked = DotDict({"handle": self.handle})
        answer = self._new_client().invoke_query("com.atproto.identity.resolveHandle", asked)
        return str(answer.content["did"])

    def _lives_here(self, did: str) -> bool:
        """Whether its repository is at this server; where that can't be told, it is."""
        try:
            self._new_client().invoke_query("com.atproto.repo.describeRepo", DotDict({"repo": did}))
        except Declined as no:
            return no.error != "RepoNotFound"
        except (TryLater, SessionOver, *NONSENSE):
            return True
        return True


def _as_it_is(request: Any) -> Any:
    """Signed by us: left alone, requests would put what ~/.netrc says in its place."""
    return request


def _sensible(answer: object) -> Json:
    if not isinstance(answer, dict):
        raise TypeError(f"not an object: {type(answer)}")
    return answer
