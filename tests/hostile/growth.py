"""Whether time and memory grow with what strangers write, and no faster: a little, repeated."""

import tracemalloc
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress

from tests.hostile.target import Target
from tests.hostile.targets import TARGETS
from tests.spent import spent

SIZES = 8  # times smaller is the small one
FASTER = 3.0  # than their sizes times grow: what is measured on a busy machine wavers
SOON = 0.08  # seconds: below, nothing is measured
ENOUGH = 2.0  # seconds for the large one
MEMORY = 60_000_000  # bytes, whatever was written
UNMEASURED = {  # others' time, or inputs that are not read to their end
    "webhook_answer",
    "answer_taken",
    "mail_server_answer",
    "picture",
    "command",
    "x_cursor",
    "mail_cursor",
    "x_length",  # twitter-text: a word of n accented letters takes n², and forms end at 3000
}
MEASURED = sorted(TARGETS.keys() - UNMEASURED)
BOMBS = (
    *(b"<", b"<!--", b"<![", b"<a ", b"<b>", b"</p>", b"&", b"&#", b"<blockquote>", b"<table><tr>"),
    *(
        b"(",
        b"((",
        b")",
        b"[",
        b"{",
        b"}",
        b"{a} ",
        b'"',
        b"'",
        b"\\",
        b"|",
        b"`",
        b"~",
        b"*",
        b"_",
    ),
    *(
        b" ",
        b"\t",
        b"\n",
        b"\r\n",
        b"\n> ",
        b"\nOn ",
        b"\nFrom: a",
        b"\n-- \n",
        b"-",
        b"--",
        b"=",
        b"_",
    ),
    *(
        b"a",
        b"a ",
        b"a.",
        b"a@",
        b"@a ",
        b"a@b.c ",
        b"http://",
        b"http://a.b ",
        b"www.a",
        b"1",
        b"1 ",
    ),
    *(
        b"11:00 ",
        b"2h ",
        b":",
        b",",
        b";",
        b".",
        b"...",
        b"!?",
        b"&amp;",
        b"&lt;",
        b"=?utf-8?q?a?= ",
    ),
    *("e\u0301".encode(), "\u0301".encode(), "\u200d".encode(), "🇩".encode(), "👩\u200d".encode()),
    *("漢".encode(), "。".encode(), "\u202e".encode(), b"\xed\xa0\x80", b"\0", b"\xff", b"tag:a "),
    *(
        b"so sorry ",
        b"+49 171 ",
        b"4111",
        b"bis ",
        b"um 1 ",
        b"[[",
        b"[a]\n",
        b"a=1\n",
        b"a,b\n",
        b'"a",',
    ),
)


def repeated(target: Target, bomb: bytes, size: int) -> Callable[[], None]:
    """The same after what it usually gets, so that it is looked at where that is."""
    raw = target.seeds[0] + bomb * (size // len(bomb))

    def read() -> None:
        with suppress(AssertionError):  # what it must be is another test's question
            target.meet(raw)

    return read


def faster(target: Target, bombs: Sequence[bytes] = BOMBS) -> Iterator[str]:
    """What takes more time than its size explains, or too much at all."""
    for bomb in bombs:
        large = spent(repeated(target, bomb, target.largest), tries=2, soon=SOON)
        if large < SOON:
            continue
        small = spent(repeated(target, bomb, target.largest // SIZES), tries=2, soon=SOON)
        if large > ENOUGH or large > FASTER * SIZES * small:
            yield f"{bomb!r}: {small * 1000:.0f} ms, and {large * 1000:.0f} ms"


def peak(target: Target, bomb: bytes) -> int:
    """Bytes that it needs for the largest of them, at most."""
    act = repeated(target, bomb, target.largest)
    act()  # what is made once
    tracemalloc.start()
    act()
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return most
