"""Thousands of webhooks at the real door: `make fuzz-web N=10000`.

`python -m bot web` runs beside a real database. Schemathesis makes what docs/webhook.schema.json
allows and what it does not; the services' own examples are spoiled; some are unsigned, too large,
or bring nonsense; feeds are read as well. Then the worker's part opens all that was kept, and what
came is compared with what is there.
"""

import hashlib
import hmac
import json
import random
import socket
import sys
import threading
import time
from base64 import b64encode
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Self
from urllib.parse import urlencode

import jsonschema
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from sqlalchemy import func, select

from adapters import Adapter, make
from adapters.webhook import Webhook
from adapters.webhook.mentions import ID, moment
from bot import logs
from bot.desk import Desk
from bot.domain.mention import storable
from bot.domain.team import Teams
from bot.door import LARGEST
from bot.intake import Intake
from storage import migrations
from storage.database import Database, connect, reading
from storage.tables import inbox, mentions, unreadable
from tests.adapters.webhook_examples import (
    A_CALL,
    CALL,
    EXAMPLES,
    OCTOLENS,
    SCHEMA,
    TALLY,
    TRUSTPILOT,
    TYPEFORM,
)
from tests.adapters.webhook_server import SECRET, signature
from tests.conftest import CARE
from tests.hostile.sites import ATOM, JSON_FEED, RSS
from tests.hostile.target import Source
from tests.hostile.targets import TARGETS
from tests.processes import start, until

TOKEN = "a-token-that-nobody-guesses"
ADDRESS = "https://acme.example/hooks/webhook"
WARM = 100  # payloads, after which memory is measured
HISTORY = timedelta(days=7)
SERVICES: Mapping[str, Any] = {
    "octolens": OCTOLENS,
    "trustpilot": TRUSTPILOT,
    "tally": TALLY,
    "typeform": TYPEFORM,
    "twilio": CALL,
    "calls": A_CALL,
}
SHARES = {"allowed": 0.25, "refused": 0.1, "spoiled": 0.45, "nonsense": 0.1, "feeds": 0.1}
Headers = Mapping[str, str | bytes]


def now() -> datetime:
    return datetime.now(UTC)


def openapi() -> dict[str, Any]:
    """The door as an OpenAPI document, around the schema that is published."""
    text = json.dumps(SCHEMA).replace("#/$defs/", "#/components/schemas/")
    schema = json.loads(text)
    parts = schema.pop("$defs")
    said = {str(status): {"description": "see docs/webhook.md"} for status in (200, 401, 413, 503)}
    content = {"application/json": {"schema": schema}}
    post = {"requestBody": {"required": True, "content": content}, "responses": said}
    return {
        "openapi": "3.1.0",
        "info": {"title": "The door of Unanswered", "version": "1"},
        "paths": {"/hooks/webhook": {"post": post}},
        "components": {"schemas": parts},
    }


def valid() -> Callable[[Any], bool]:
    """Whether the published schema allows it: what must then be in the database."""
    known = jsonschema.FormatChecker(formats=())
    known.checks("date-time", raises=ValueError)(
        lambda value: not isinstance(value, str) or bool(moment(value))
    )
    return jsonschema.Draft202012Validator(SCHEMA, format_checker=known).is_valid


def ids(told: Any) -> Iterator[str]:
    """Of the mentions in it that are not deleted."""
    for item in told["mentions"] if isinstance(told.get("mentions"), list) else [told]:
        if item.get("deleted") is not True:
            yield storable(item["id"])


@dataclass
class Figures:
    """What a run has seen; `grown` is in bytes, None where nobody can tell."""

    statuses: Counter[int] = field(default_factory=Counter)
    feeds: int = 0
    crashes: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    grown: int | None = None
    mentions: int = 0
    unreadable: int = 0

    @property
    def payloads(self) -> int:
        return self.statuses.total() + self.feeds

    @property
    def errors(self) -> int:
        return sum(many for status, many in self.statuses.items() if status >= 500)

    def __str__(self) -> str:
        memory = "unknown" if self.grown is None else f"{self.grown / 1_000_000:.1f} MB"
        said = ", ".join(f"{many} × {status}" for status, many in sorted(self.statuses.items()))
        return (
            f"{self.payloads} payloads ({said}; {self.feeds} feeds): {len(self.crashes)} crashes,"
            f" {len(self.lost)} lost, {self.errors} × 5xx; {self.mentions} mentions,"
            f" {self.unreadable} set aside; peak memory growth {memory}"
        )


class Street:
    """The door's process, and whoever brings something to it."""

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        self.figures = Figures()
        self.kept: dict[tuple[str, str], bytes] = {}  # by account and key, as it was answered 200
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        given = {**environment, "PORT": str(self.port), "WEB_HOST": "127.0.0.1"}
        self.process = start("web", environment=given, folder=folder)
        self.said: list[str] = []
        self.reader = threading.Thread(target=self._listen)
        self.session = requests.Session()
        self.numbers = 0
        self.at_first: int | None = None

    def __enter__(self) -> Self:
        self.reader.start()
        until(self._open)
        return self

    def __exit__(self, *_: object) -> None:
        self.session.close()
        self.process.terminate()
        self.process.wait(20)
        self.reader.join()
        assert self.process.stdout
        self.process.stdout.close()

    def _listen(self) -> None:
        assert self.process.stdout
        self.said.extend(self.process.stdout)

    def _open(self) -> bool:
        assert self.process.poll() is None, "".join(self.said)
        try:
            return self.session.get(f"http://127.0.0.1:{self.port}/health", timeout=5).ok
        except requests.ConnectionError:
            return False

    def bring(
        self, account: str, body: bytes, headers: Headers, *, key: str = "", query: str = ""
    ) -> None:
        """One payload; `key` is what the inbox must know it by where it is taken."""
        url = f"http://127.0.0.1:{self.port}/hooks/{account}{query}"
        try:
            answer = self.session.post(url, data=body, headers=headers, timeout=30)
        except requests.RequestException as problem:
            if len(body) <= LARGEST:  # else it hangs up before all is read
                self.figures.crashes.append(repr(problem))
            self.figures.statuses[413] += len(body) > LARGEST
            return
        self.figures.statuses[answer.status_code] += 1
        if answer.status_code == 200:
            self.kept[account, key or hashlib.sha256(body).hexdigest()] = body
        if self.figures.payloads == WARM:
            self.at_first = self.memory("VmRSS")

    def signed(self, account: str, body: bytes) -> None:
        """As whoever knows the secret; now and then twice."""
        self.numbers += 1
        id, sent = f"msg_{self.numbers}", str(int(time.time()))
        headers = {
            "Content-Type": "application/json",
            "webhook-id": id,
            "webhook-timestamp": sent,
            "webhook-signature": signature(SECRET, id, sent, body),
        }
        for _ in range(1 + (self.numbers % 20 == 0)):
            self.bring(account, body, headers, key=id)

    def service(self, name: str, told: Any) -> None:
        """As the service itself would bring it."""
        account = f"webhook:{name}"
        if name == "calls":
            self.signed(account, json.dumps(told).encode())
        elif name == "twilio":
            form = {str(key): str(value) for key, value in told.items()}
            body = urlencode(form, errors="replace").encode()
            self.bring(account, body, {"X-Twilio-Signature": _by_twilio(body)})
        elif name in ("tally", "typeform"):
            body = json.dumps(told).encode()
            said = b64encode(hmac.new(TOKEN.encode(), body, hashlib.sha256).digest()).decode()
            header = "Tally-Signature" if name == "tally" else "Typeform-Signature"
            self.bring(account, body, {header: said if name == "tally" else f"sha256={said}"})
        else:
            self.bring(account, json.dumps(told).encode(), {}, query=f"?token={TOKEN}")

    def memory(self, what: str) -> int | None:
        """VmRSS, or VmHWM for its peak, in bytes; as Linux tells it."""
        try:
            status = Path(f"/proc/{self.process.pid}/status").read_text()
        except OSError:
            return None
        line = next(line for line in status.splitlines() if line.startswith(f"{what}:"))
        return int(line.split()[1]) * 1024

    def ended(self) -> None:
        """What the process said in all that time is a crash, each."""
        peak = self.memory("VmHWM")
        if peak is not None and self.at_first is not None:
            self.figures.grown = max(0, peak - self.at_first)
        if self.process.poll() is not None:
            self.figures.crashes.append(f"the door ended with {self.process.returncode}")
        self.figures.crashes += [line for line in self.said if line.strip()]


def _apart(body: bytes, number: int) -> bytes:
    """The same with ids of its own, mostly: whoever shrinks likes to call everything 0."""
    try:
        told = json.loads(body)
    except (ValueError, RecursionError):
        return body
    whole = told if isinstance(told, dict) else {}
    listed = whole.get("mentions")
    for item in [whole, *(listed if isinstance(listed, list) else [])]:
        if number % 4 and isinstance(item, dict) and isinstance(item.get("id"), str) and item["id"]:
            item["id"] = f"{number}.{item['id']}"[:ID]
    return json.dumps(told).encode()


def _by_twilio(body: bytes) -> str:
    from urllib.parse import parse_qsl

    form = sorted(parse_qsl(body.decode(), keep_blank_values=True))
    whole = ADDRESS + "".join(name + value for name, value in form)
    return b64encode(hmac.new(TOKEN.encode(), whole.encode(), hashlib.sha1).digest()).decode()


def _examples(
    act: Callable[..., None], many: int, number: int, **strategies: st.SearchStrategy[Any]
) -> None:
    """Do it so often, with what Hypothesis draws from this seed."""

    @seed(number)
    @settings(
        max_examples=max(many, 1),
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(**strategies)
    def drawn(**what: Any) -> None:
        act(**what)

    drawn()


class Fuzz:
    """What is brought, in shares of `many`; everything follows from `number`."""

    def __init__(self, street: Street, many: int, number: int) -> None:
        self.street, self.many, self.number = street, many, number

    def all(self) -> None:
        """The last of them makes up for examples that Hypothesis found nothing more for."""
        self._by_schema("allowed", GenerationMode.POSITIVE)
        self._by_schema("refused", GenerationMode.NEGATIVE)
        self._spoiled(self._share("spoiled"))
        self._nonsense()
        self._feeds()
        round = 1
        while (left := self.many - self.street.figures.payloads) > 0:
            self._spoiled(left, round)
            round += 1

    def _share(self, name: str) -> int:
        return int(SHARES[name] * self.many)

    def _by_schema(self, share: str, mode: GenerationMode) -> None:
        operation = schemathesis.openapi.from_dict(openapi())["/hooks/webhook"]["POST"]
        strategy = operation.as_strategy(generation_mode=mode)

        def act(case: schemathesis.Case) -> None:
            how = case.as_transport_kwargs(base_url="http://127.0.0.1")
            body = how["data"] if "data" in how else json.dumps(how.get("json")).encode()
            body = body if isinstance(body, bytes) else str(body).encode()
            self.street.signed("webhook", _apart(body, self.street.numbers))

        _examples(act, self._share(share), self.number, case=strategy)

    def _spoiled(self, many: int, round: int = 0) -> None:
        def act(raw: bytes, service: str) -> None:
            if service == "webhook":
                told = EXAMPLES[len(raw) % len(EXAMPLES)]
                self.street.signed("webhook", json.dumps(Source(raw).spoiled(told)).encode())
            else:
                self.street.service(service, Source(raw).spoiled(SERVICES[service]))

        services = st.sampled_from(["webhook", *SERVICES])
        _examples(act, many, self.number + round, raw=st.binary(max_size=80), service=services)

    def _nonsense(self) -> None:
        """Half of it well signed, the other half not at all, or wrongly."""
        dice = random.Random(self.number)
        large = [b"[" * 100_000, b'{"id":' * 50_000, b"9" * 50_000, b"x" * (LARGEST + 1)]
        headers = st.dictionaries(
            st.sampled_from(["webhook-id", "webhook-timestamp", "webhook-signature"]),
            st.binary(max_size=40).map(lambda raw: raw.translate(None, b"\r\n\0").strip()),
        )

        def act(body: bytes, headers: Headers) -> None:
            body = dice.choice(large) if dice.random() < 0.02 else body
            if dice.random() < 0.5:
                self.street.signed("webhook", body)
            else:
                account = dice.choice(["webhook", "webhook:octolens", "nobody", "webhook%2F.."])
                self.street.bring(account, body, headers)

        texts = st.text().map(lambda text: text.encode("utf-8", "surrogatepass"))
        bodies = st.one_of(st.binary(), texts, st.just(json.dumps(EXAMPLES[0]).encode()))
        _examples(act, self._share("nonsense"), self.number, body=bodies, headers=headers)

    def _feeds(self) -> None:
        """Read here: what a feed says is asked for, and not brought."""
        seeds = [RSS, ATOM, json.dumps(JSON_FEED).encode()]

        def act(raw: bytes, at: float, known: bytes) -> None:
            cut = int(at * len(known))
            self.street.figures.feeds += 1
            try:
                TARGETS["feed"].meet(known[:cut] + raw + known[cut:])
                TARGETS["feed_in_json"].meet(raw)
            except Exception as problem:
                self.street.figures.crashes.append(f"feed: {problem!r}")

        given = {"raw": st.binary(max_size=60), "at": st.floats(0, 1)}
        _examples(act, self._share("feeds"), self.number, known=st.sampled_from(seeds), **given)


def opened(database: Database, street: Street) -> None:
    """The worker's part; whatever is not where it must be is lost."""
    figures, allowed = street.figures, valid()
    adapters = {name: made(name) for name in accounts()}
    _compare(database, street)
    intake = Intake(Desk(database, Teams({"care": CARE}, tell="U0LEA"), adapters, now))
    expected: set[tuple[str, str]] = set()
    for (account, key), body in street.kept.items():
        expected |= {(account, each) for each in _expected(adapters[account], key, body)}
        expected |= {("webhook", id) for id in _allowed(account, body, allowed)}
    for name, adapter in adapters.items():
        while intake.open(name, adapter):  # type: ignore[arg-type]
            pass
    with reading(database) as db:
        heard = set(map(tuple, db.execute(select(mentions.c.account, mentions.c.key))))
        aside = set(map(tuple, db.execute(select(unreadable.c.account, unreadable.c.key))))
        closed = select(func.count()).where(inbox.c.opened_at.is_(None))
        figures.lost += ["never opened"] * db.execute(closed).scalar_one()
    figures.mentions, figures.unreadable = len(heard), len(aside)
    figures.lost += [f"{name} {key!r}" for name, key in sorted(expected - heard - aside)]
    must = {("webhook", id) for (a, _), b in street.kept.items() for id in _allowed(a, b, allowed)}
    figures.lost += [f"not heard: {key!r}" for _, key in sorted(must - heard)]


def _compare(database: Database, street: Street) -> None:
    """Each that was answered 200 is in the inbox once, byte for byte, and nothing else is."""
    i = inbox.c
    with reading(database) as db:
        rows = list(db.execute(select(i.account, i.key, i.body)))
    there = {(row.account, row.key): row.body for row in rows}
    figures = street.figures
    figures.lost += [f"{each} is not kept" for each in street.kept.keys() - there.keys()]
    figures.lost += [f"{each} is kept unasked" for each in there.keys() - street.kept.keys()]
    changed = [each for each in there if there[each] != street.kept.get(each)]
    figures.lost += [f"{each} was changed" for each in changed]
    figures.lost += ["twice"] * (len(rows) - len(there))


def _expected(adapter: Adapter, key: str, body: bytes) -> Iterator[str]:
    """Whatever is told in it must be somewhere; what makes no sense, under its own key."""
    try:
        news = adapter.understand(body)  # type: ignore[attr-defined]
    except Exception:
        yield key
        return
    yield from (storable(each.key) for each in (*news.mentions, *news.unreadable))


def _allowed(account: str, body: bytes, allowed: Callable[[Any], bool]) -> list[str]:
    """The ids of what the schema allows, by the schema alone."""
    if account != "webhook":
        return []
    try:
        told = json.loads(body)
        return list(ids(told)) if allowed(told) else []
    except (ValueError, RecursionError):
        return []


def accounts() -> list[str]:
    return ["webhook", *(f"webhook:{name}" for name in SERVICES)]


def environment() -> dict[str, str]:
    """Of all accounts: each service has one."""
    given = {"WEBHOOK_SECRET": SECRET, "WEBHOOK_TWILIO_ADDRESS": ADDRESS}
    for name in SERVICES:
        given[f"WEBHOOK_{name.upper()}_FORMAT"] = name
        given[f"WEBHOOK_{name.upper()}_SECRET"] = SECRET if name == "calls" else TOKEN
    return given


def made(name: str) -> Adapter:
    return make(name, Webhook, environment(), now, HISTORY)


@contextmanager
def _place() -> Iterator[tuple[Path, Database]]:
    with TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "teams.toml").write_text('[teams.care]\nchannel = "C0CARE"\n')
        database = connect(f"sqlite:///{folder / 'unanswered.db'}")
        migrations.upgrade(database)
        yield folder, database
        database.dispose()


def run(many: int, number: int = 1) -> Figures:
    """So many payloads, from this seed."""
    with _place() as (folder, database):
        settings = {
            "SLACK_BOT_TOKEN": "xoxb-test",
            "SLACK_APP_TOKEN": "xapp-test",
            "ADAPTERS": ",".join(accounts()),
            "DATABASE_URL": f"sqlite:///{folder / 'unanswered.db'}",
            "LOG_LEVEL": "ERROR",
            **environment(),
        }
        with Street(folder, settings) as street:
            Fuzz(street, many, number).all()
            street.ended()
        opened(database, street)
    return street.figures


if __name__ == "__main__":
    logs.begin("CRITICAL")
    begun = time.monotonic()
    figures = run(int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 1)
    for trouble in (*figures.crashes, *figures.lost):
        print(trouble[:300])
    print(f"{figures}; {time.monotonic() - begun:.0f} s")
    sys.exit(bool(figures.crashes or figures.lost or figures.errors))
