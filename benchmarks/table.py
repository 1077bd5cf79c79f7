"""The figures as people read them, and as JSON."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.harness import Figure, Wanted, percentile

COLUMNS = ("figure", "on", "ours: median", "p99", "limit: median", "p99", "wanted", "got", "met")
SAID = {"ratio": "{} times", "beyond": "{} beyond"}


@dataclass(frozen=True)
class Row:
    """One figure on one database."""

    path: str
    on: str
    figure: Figure
    about: str = ""  # what is measured against what

    @property
    def cells(self) -> tuple[str, ...]:
        f = self.figure
        met = {True: "yes", False: "NO", None: "-"}[f.met]
        wanted = "; ".join(map(_wanted, f.wanted))
        got = "; ".join(_number(f.got(each.of)) for each in f.wanted) if f.ours else f.note
        return (f.name, self.on, *_both(f.ours, f.unit), *_both(f.limit, f.unit), wanted, got, met)

    @property
    def as_json(self) -> Mapping[str, Any]:
        f = self.figure
        return {
            "figure": f.name,
            "path": self.path,
            "database": self.on,
            "about": self.about,
            "unit": f.unit,
            "ours": _measured(f.ours),
            "limit": _measured(f.limit),
            "wanted": [
                {"of": w.of, "wanted": _wanted(w), "got": f.got(w.of) if f.ours else None}
                for w in f.wanted
            ],
            "met": f.met,
            "note": f.note,
        }


def printed(rows: Sequence[Row]) -> str:
    lines = [COLUMNS, *(row.cells for row in rows)]
    widths = [max(len(line[n]) for line in lines) for n in range(len(COLUMNS))]
    told = (
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        for line in lines
    )
    return "\n".join(line.rstrip() for line in told)


def kept(rows: Sequence[Row], machine: Mapping[str, object], file: Path) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    told = {"machine": machine, "figures": [row.as_json for row in rows]}
    file.write_text(json.dumps(told, indent=2, ensure_ascii=False) + "\n")


def _measured(times: Sequence[float]) -> Mapping[str, float] | None:
    if not times:
        return None
    return {
        "median": round(percentile(times, 50), 4),
        "p99": round(percentile(times, 99), 4),
        "count": len(times),
    }


def _both(times: Sequence[float], unit: str) -> tuple[str, str]:
    if not times:
        return "", ""
    return f"{_number(percentile(times, 50))} {unit}", _number(percentile(times, 99))


def _wanted(wanted: Wanted) -> str:
    told = SAID.get(wanted.of, wanted.of + " {}")
    if wanted.most != float("inf"):
        return told.format(f"<= {_number(wanted.most)}")
    return told.format(f">= {_number(wanted.least)}")


def _number(value: float) -> str:
    return (
        f"{value:.3f}"
        if abs(value) < 10
        else f"{value:.1f}"
        if abs(value) < 100
        else f"{value:.0f}"
    )
