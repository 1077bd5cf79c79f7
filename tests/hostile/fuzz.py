"""Hours of what strangers write: `make fuzz SECONDS=600`, or TARGETS="html letter" for some of it.

Each target is a process of its own with an end in time and memory, driven by atheris: what reaches
new code is kept in .fuzz/NAME/corpus and changed further. What breaks a target lies beside it.
"""

import os
import re
import resource
import sys
import time
from collections.abc import Sequence
from contextlib import redirect_stderr
from functools import partial
from hashlib import sha256
from io import StringIO
from pathlib import Path

import atheris  # type: ignore[import-not-found]  # only `make fuzz` installs it

HERE = Path(".fuzz")
ONE = 10  # seconds that one input may take
MEGABYTES = 1000  # that a target may take in all
LARGEST = 4096  # bytes of one input; tests/hostile/growth.py tries larger ones
SHORTEST = 5  # seconds for one target
INSTRUMENTED = ["bot", "adapters", "bs4", "icalendar", "recurring_ical_events", "twitter_text"]
FIGURE = re.compile(r"stat::(\w+):\s+(\d+)")

with redirect_stderr(StringIO()), atheris.instrument_imports(INSTRUMENTED, ["bot.playground"]):
    from tests.hostile.growth import MEASURED, faster
    from tests.hostile.targets import TARGETS


def everything(seconds: int, names: Sequence[str]) -> int:
    """All targets one after the other, for this long together; how many of them broke."""
    chosen = list(names or TARGETS)
    for name in (each for each in MEASURED if each in chosen and not TARGETS[each].slow):
        for found in faster(TARGETS[name]):
            print(f"{name} grows faster than {found}", flush=True)
    broken = [name for name in chosen if not _holds(name, max(SHORTEST, seconds // len(chosen)))]
    print(f"{len(chosen) - len(broken)} of {len(chosen)} hold.", *broken)
    return len(broken)


def _holds(name: str, seconds: int) -> bool:
    """A fork, because to instrument everything takes as long as to try it."""
    folder = HERE / name
    folder.mkdir(parents=True, exist_ok=True)
    sys.stdout.flush()
    if not (child := os.fork()):
        _drive(name, seconds)
    ended = _waited_for(child, seconds * 3 + 60)
    said = (folder / "log").read_text("utf-8", "replace")
    figures = dict(FIGURE.findall(said))
    tries, pace = figures.get("number_of_executed_units"), figures.get("average_exec_per_sec")
    print(f"{name}: {tries} tries, {pace} a second, {figures.get('peak_rss_mb')} MB", flush=True)
    if ended:
        print(f"{name} broke ({ended}): {folder}/log\n{said[-1500:]}", flush=True)
    return not ended


def _waited_for(child: int, seconds: float) -> int:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return status
        time.sleep(0.2)
    os.kill(child, 9)
    return os.waitpid(child, 0)[1]


def _drive(name: str, seconds: int) -> None:
    """Be the process that tries one target, and end as it ends."""
    from bot import logs

    logs.begin("CRITICAL")
    target, folder = TARGETS[name], HERE / name
    log = os.open(folder / "log", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    for stream in (1, 2):
        os.dup2(log, stream)
    corpus = folder / "corpus"
    corpus.mkdir(exist_ok=True)
    for number, seed in enumerate(target.seeds):
        (corpus / f"seed{number}").write_bytes(seed)
    (folder / "tokens").write_text("\n".join(map(_token, filter(None, target.tokens))))
    options = {
        "max_total_time": seconds,
        "timeout": ONE,
        "rss_limit_mb": MEGABYTES,
        "max_len": LARGEST,
        "artifact_prefix": f"{folder}/",
        "print_final_stats": 1,
    } | ({"dict": folder / "tokens"} if target.tokens else {})
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    arguments = [f"-{option}={value}" for option, value in options.items()]
    atheris.Setup([sys.argv[0], str(corpus), *arguments], partial(_try, name))
    atheris.Fuzz()


def _try(name: str, raw: bytes) -> None:
    """What breaks it is kept by its digest, whatever becomes of the process then."""
    try:
        TARGETS[name].meet(raw)
    except BaseException:
        (HERE / name / f"broke-{sha256(raw).hexdigest()[:12]}").write_bytes(raw)
        raise


def _token(token: bytes) -> str:
    return '"' + "".join(f"\\x{each:02x}" for each in token) + '"'


if __name__ == "__main__":
    sys.exit(min(everything(int(sys.argv[1]), sys.argv[2:]), 1))
