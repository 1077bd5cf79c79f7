"""Commands that are asked in lines, and answer each with one of JSON."""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

UNSEEN = {n: f"\\u{n:04x}" for n in (*range(0x7F, 0xA0), 0x2028, 0x2029)}  # or it breaks the line


class Wrong(ValueError):
    """What is wrong with one line, and how it is mended."""


def asked(lines: Iterable[str]) -> Iterator[tuple[int, str]]:
    """Each that is not blank, with its number from 1 on."""
    for number, line in enumerate(lines, 1):
        if said := line.strip("\ufeff \t\r\n"):
            yield number, said


def answered(answer: Mapping[str, Any], *, ascii_only: bool = False) -> str:
    """One line, whatever stands in it."""
    return json.dumps(answer, ensure_ascii=ascii_only).translate(UNSEEN)
