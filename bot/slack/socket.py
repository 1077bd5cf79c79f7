"""Two Socket Mode connections, and whether they live.

One connection that is reset loses clicks until it is noticed; of two, the other takes them.
"""

import threading
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import structlog
from slack_bolt import App
from slack_bolt.adapter.socket_mode import SocketModeHandler
from slack_sdk.socket_mode.builtin import SocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest

from bot import meters

log = structlog.get_logger()

CONNECTIONS = 2
MOST = CONNECTIONS + 1  # while one takes the place of another
PING = 3  # seconds; a half-open connection is noticed after a few of them
WORKERS = 20  # envelopes that one connection takes at once
MUTE = 30.0  # seconds without a pong after which a connection is replaced
Sign = tuple[str, float | None] | None  # a connection and its last pong
RETRY = 5.0  # seconds before the second attempt while Slack does not let us in
RARELY = 60.0  # seconds between attempts, at most
LASTING = 60.0  # seconds after which a connection has not failed


class Turn:
    """When one connection may be made anew: at once if the last one lasted, else ever later."""

    def __init__(self, retry: float) -> None:
        self.retry, self.failures, self.last = retry, 0, float("-inf")

    def wait(self, now: float) -> float:
        """Seconds until then: `retry` after the first failure, and twice as long after each."""
        self.failures = self.failures + 1 if now - self.last < LASTING else 0
        doubled = self.retry * 2.0 ** min(self.failures - 1, 10)
        pause = min(doubled, RARELY) if self.failures else 0.0
        self.last = now + pause
        return pause


class Handler(SocketModeHandler):
    """Measures how long an envelope waits for its ack."""

    def handle(self, client: SocketModeClient, req: SocketModeRequest) -> None:  # type: ignore[override]
        with meters.ACK.time():
            super().handle(client, req)


class Sockets:
    """`alive_at` is the last time (monotonic seconds) at which a connection was seen to live."""

    def __init__(
        self,
        app: App,
        app_token: str,
        monotonic: Callable[[], float] = time.monotonic,
        *,
        ping: float = PING,
        retry: float = RETRY,
        mute: float = MUTE,
    ) -> None:
        self.monotonic, self.retry, self.mute = monotonic, retry, mute
        self._signs: dict[int, tuple[Sign, float]] = {}
        self.alive_at = monotonic()
        self.hellos = self.connections = 0  # how many came, and what the last one counted
        self._stop = threading.Event()
        self.handlers = [
            Handler(app, app_token, ping_interval=ping, concurrency=WORKERS)
            for _ in range(CONNECTIONS)
        ]
        for handler in self.handlers:
            handler.client.message_listeners.append(self._notice)
            ask, turn = handler.client.issue_new_wss_url, Turn(retry)
            handler.client.issue_new_wss_url = partial(self._address, ask, turn)  # type: ignore[method-assign]
            begin = handler.client.connect
            handler.client.connect = partial(self._begin, begin, handler.client)  # type: ignore[method-assign]

    def open(self) -> None:
        """Begin to connect, in the background: Slack may be down, and the rest must go on."""
        for handler in self.handlers:
            threading.Thread(target=self._connect, args=(handler,), daemon=True).start()

    def living(self) -> int:
        """How many connections live right now."""
        count = sum(_lives(handler) for handler in self.handlers)
        if count:
            self.alive_at = self.monotonic()
        return count

    def silent_for(self) -> float:
        """For how many seconds no connection has lived."""
        return 0.0 if self.living() else self.monotonic() - self.alive_at

    def renew(self) -> None:
        """Replace each connection that stands and from which no sign of life comes.

        The SDK does so itself, but measures by the wall clock, which may be set back, and not at
        all before the first sign.
        """
        for place, handler in enumerate(self.handlers):
            sign, now = _sign(handler), self.monotonic()
            known, since = self._signs.get(place, (None, now))
            if sign is None or sign != known:
                self._signs[place] = (sign, now)
            elif now - since > self.mute:
                log.warning("socket.mute", seconds=int(now - since))
                del self._signs[place]
                handler.client.connect_to_new_endpoint(force=True)

    def close(self) -> None:
        """Close all at once: each takes as long as between two of its pings."""
        self._stop.set()
        closing = [threading.Thread(target=_close, args=(each,)) for each in self.handlers]
        for thread in closing:
            thread.start()
        for thread in closing:
            thread.join()

    def _address(self, ask: Callable[[], str], turn: "Turn") -> str:
        """Where to connect to next; the SDK would ask again and again without a pause."""
        self._stop.wait(turn.wait(self.monotonic()))
        return ask()

    def _begin(self, begin: Callable[[], None], client: SocketModeClient) -> None:
        """Connect; who was told to close while the handshake went on hangs up after it."""
        begin()
        if self._stop.is_set():
            client.auto_reconnect_enabled = False
            client.disconnect()

    def _connect(self, handler: SocketModeHandler) -> None:
        while not self._stop.is_set():
            try:
                handler.connect()  # type: ignore[no-untyped-call]
            except Exception as problem:
                log.warning("socket.refused", why=str(problem))
            else:
                return

    def _notice(self, _client: Any, message: dict[str, Any], _raw: str | None = None) -> None:
        """Slack counts our connections; more than we opened are ghosts that swallow clicks."""
        if message.get("type") == "hello":
            self.connections = int(message.get("num_connections") or 0)
            self.hellos += 1
            log.info("socket.opened", connections=self.connections)


def _close(handler: SocketModeHandler) -> None:
    """The SDK stumbles over a connection that it is just opening anew: it ends all the same."""
    try:
        handler.close()  # type: ignore[no-untyped-call]
    except Exception as problem:
        log.warning("socket.not_closed", why=repr(problem))


def _lives(handler: SocketModeHandler) -> bool:
    return bool(handler.client.is_connected())


def _sign(handler: SocketModeHandler) -> Sign:
    session = handler.client.current_session
    if session is None or not session.is_active():
        return None
    return session.session_id, session.last_ping_pong_time
