"""`/health` and `/metrics` over HTTP, for machines that watch; nothing of customers, no secrets."""

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socket import socket
from typing import Any

from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from bot.config import NotSetUp, Settings
from bot.domain.account import Account
from bot.domain.health import Ails, Books, Health
from bot.watch import Watch

AT_ONCE = 8  # requests; who asks more is turned away
PATIENCE = 5.0  # seconds for one of them


@contextmanager
def answering(settings: Settings, watch: Watch) -> Iterator[None]:
    """As long as this lasts, where a port is set; NotSetUp where it can't be had."""
    if settings.metrics_port is None:
        yield
        return
    try:
        porch = Porch(settings.metrics_host, settings.metrics_port, watch)
    except OSError as problem:
        where = f"{settings.metrics_host}:{settings.metrics_port}"
        said = f"METRICS_PORT: nothing can answer at {where}: {problem.strerror}."
        raise NotSetUp([said]) from None
    porch.open()
    try:
        yield
    finally:
        porch.close()


class Porch(ThreadingHTTPServer):
    """Answers from what is known already, so that it can say how we are whatever hangs."""

    daemon_threads = True
    request_queue_size = 8 * AT_ONCE  # a crowd is turned away, and not left standing for seconds

    def __init__(self, host: str, port: int, watch: Watch) -> None:
        self.watch = watch
        self.measured = CollectorRegistry()
        self.measured.register(Measured(watch))
        self._room = threading.BoundedSemaphore(AT_ONCE)
        super().__init__((host, port), _Answer)

    def open(self) -> None:
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def close(self) -> None:
        self.shutdown()
        self.server_close()

    def process_request_thread(self, request: socket, client_address: Any) -> None:  # type: ignore[override]
        if not self._room.acquire(blocking=False):
            self.shutdown_request(request)
            return
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._room.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Who hangs up in the middle is no news."""


class _Answer(BaseHTTPRequestHandler):
    timeout = PATIENCE
    server: Porch
    server_version, sys_version = "Unanswered", ""

    def do_GET(self) -> None:
        ways = {"/health": self._health, "/metrics": self._metrics}
        way = ways.get(self.path.partition("?")[0])
        if way:
            way()
        else:
            self._say(404, "text/plain; charset=utf-8", b"Look at /health or /metrics.\n")

    do_HEAD = do_GET  # noqa: N815

    def _health(self) -> None:
        health = self.server.watch.health()
        body = json.dumps(as_json(health, self.server.watch), indent=2).encode()
        self._say(503 if health.crippled else 200, "application/json", body)

    def _metrics(self) -> None:
        counted, measured = generate_latest(REGISTRY), generate_latest(self.server.measured)
        self._say(200, CONTENT_TYPE_LATEST, counted + measured)

    def _say(self, status: int, kind: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Who looks every few seconds is no news."""


class Measured(Collector):
    """What is so at the moment of asking."""

    def __init__(self, watch: Watch) -> None:
        self.watch = watch

    def collect(self) -> Iterator[Metric]:
        health = self.watch.health()
        yield from _of_us(health)
        yield from _of_the_outbox(health)
        yield from _of_accounts(health)
        silences = {
            name: span.total_seconds() for name, span in self.watch.pulse.silences().items()
        }
        yield _labelled("timer_silence_seconds", "Since each timer moved.", "timer", silences)


def _of_us(health: Health) -> Iterator[Metric]:
    ails = {ailment.what for ailment in health.ailments}
    told = {what.value: float(what in ails) for what in Ails}
    yield _labelled("ailing", "What is wrong: 1 if it is.", "what", told)
    yield _gauge("crippled", "1 if this worker can't do its work.", health.crippled)
    yield _gauge("workers", "Workers that are at work.", health.books.workers)
    took = health.books.took.total_seconds()
    yield _gauge("database_seconds", "How long the database took to say all this.", took)
    silent = health.silent.total_seconds()
    yield _gauge("database_silence_seconds", "Since the database took something.", silent)
    if health.connections:
        yield _gauge("sockets_living", "Connections to Slack that live.", health.connections.living)
        yield _gauge("sockets_ghosts", "Those that Slack counts beyond.", health.connections.ghosts)
    if health.clock_off is not None:
        off = health.clock_off.total_seconds()
        yield _gauge("clock_off_seconds", "How far our clock is ahead of others.", off)
    if health.disk:
        yield _gauge("disk_free_bytes", "Free where SQLite lies.", health.disk.free)


def _of_the_outbox(health: Health) -> Iterator[Metric]:
    books, at = health.books, health.books.at
    yield _gauge("outbox_waiting", "Deliveries that wait.", books.waiting)
    yield _gauge(
        "outbox_age_seconds", "Since the oldest of them is owed.", _age(books.owed_since, at)
    )
    yield _gauge("dead_letters", "Deliveries that were given up.", books.dead)
    yield _gauge(
        "lateness_seconds", "Since the oldest call that is due.", _age(books.unsaid_since, at)
    )
    yield _gauge("uncalled", "Conversations that a call was forgotten for.", books.uncalled.many)
    yield _gauge("cardless", "Complaints that no card shows, and none will.", books.cardless.many)


def _of_accounts(health: Health) -> Iterator[Metric]:
    accounts, at = health.books.accounts, health.at
    ages = {it.name: _age(it.read_to, at) for it in accounts if it.read_to}
    yield _labelled("watermark_age_seconds", "Since all of it is surely read.", "account", ages)
    failing = {it.name: _age(it.failing_since, at) for it in accounts}
    yield _labelled("failing_seconds", "For how long it can't be read.", "account", failing)
    unread = {name: float(many) for name, many in health.books.unreadable.items()}
    yield _labelled("unreadable", "Items that could not be read.", "account", unread)


def _gauge(name: str, help: str, value: float) -> Metric:
    return GaugeMetricFamily(f"unanswered_{name}", help, value=float(value))


def _labelled(name: str, help: str, label: str, values: dict[str, float]) -> Metric:
    made = GaugeMetricFamily(f"unanswered_{name}", help, labels=[label])
    for of, value in values.items():
        made.add_metric([of], value)
    return made


def as_json(health: Health, watch: Watch) -> dict[str, Any]:
    """Without what platforms say of their trouble: whoever reaches the port reads it."""
    return {
        "well": health.well,
        "crippled": health.crippled,
        "at": health.at.isoformat(),
        "ails": [{"what": it.what, **_plain(it.about)} for it in health.ailments],
        "accounts": [_account(it, health) for it in health.books.accounts],
        **_books(health.books),
        "database_silent": health.silent.total_seconds(),
        "sockets": _plain(vars(health.connections)) if health.connections else None,
        "timers": _plain(watch.pulse.silences()),
        "disk": _plain(vars(health.disk)) if health.disk else None,
        "clock_off": health.clock_off.total_seconds() if health.clock_off is not None else None,
    }


def _account(account: Account, health: Health) -> dict[str, Any]:
    return {
        "name": account.name,
        "read_to": _as_data(account.read_to),
        "failing_since": _as_data(account.failing_since),
        "gap_at": _as_data(account.gap_at if health.gap(account) else None),
        "unreadable": health.books.unreadable.get(account.name, 0),
    }


def _books(books: Books) -> dict[str, Any]:
    told = ("waiting", "owed_since", "dead", "unsaid_since", "workers", "took")
    return _plain(
        {
            "asked_at": books.at,
            **{name: getattr(books, name) for name in told},
            "uncalled": books.uncalled.many,
            "cardless": books.cardless.many,
        }
    )


def _plain(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _as_data(value) for name, value in values.items()}


def _as_data(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    return value.total_seconds() if isinstance(value, timedelta) else value


def _age(since: datetime | None, at: datetime) -> float:
    """0 where there is nothing."""
    return max(0.0, (at - since).total_seconds()) if since else 0.0
