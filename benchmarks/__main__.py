"""`make bench`: measure, print the table, write bench.json."""

import argparse
import shutil
import sys
import tempfile
import traceback
from collections.abc import Iterator, Sequence
from inspect import getdoc
from pathlib import Path
from time import perf_counter

from benchmarks import clicks, deadlines, intake, lives, pace, peers, queues, starts, sweep, workers
from benchmarks.harness import BENCHES, Bench, Figure, Ground, Scale, watch
from benchmarks.machine import described
from benchmarks.table import Row, kept, printed
from bot import logs
from tests import postgres

MODULES = (intake, sweep, queues, clicks, lives, starts, pace, peers, deadlines, workers)
QUICK = 0.1
RESULTS = Path(__file__).parent / "results" / "bench.json"


def main(words: Sequence[str] | None = None) -> int:
    arguments = _parser().parse_args(words)
    logs.begin("CRITICAL")
    watch.on_processor = arguments.processor
    scale = Scale(QUICK if arguments.quick else 1.0)
    end = postgres.begin()
    try:
        machine = described() | {
            "clock": "processor" if watch.on_processor else "wall",
            "share": scale.share,
        }
        rows: list[Row] = []
        for row in _measured(arguments.only, scale):
            rows.append(row)
            kept(rows, machine, arguments.out)  # whatever ends the run, this much is there
    finally:
        end()
    print(printed(rows))
    return 0 if all(row.figure.met is not False for row in rows) else 1


def _measured(only: str, scale: Scale) -> Iterator[Row]:
    for bench in BENCHES:
        if only in bench.path or only == bench.name:
            for kind in bench.on:
                yield from measured(bench, kind, scale)


def measured(bench: Bench, kind: str, scale: Scale) -> list[Row]:
    """What one function measures on one database; a row that says why, where it can't be."""
    folder, start = Path(tempfile.mkdtemp(prefix="unanswered-bench-")), perf_counter()
    try:
        found = bench.measure(Ground(kind, folder, scale))
        figures = [found] if isinstance(found, Figure) else list(found)
    except Exception as problem:
        traceback.print_exc()
        name = bench.name.replace("_", " ")
        figures = [Figure(name=name, note=f"{type(problem).__name__}: {problem}"[:200])]
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    told = f"{bench.path}: {bench.name} on {kind}: {perf_counter() - start:.1f} s"
    print(told, file=sys.stderr, flush=True)
    about = " ".join((getdoc(bench.measure) or "").split())
    return [Row(bench.path, kind, figure, about) for figure in figures]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a tenth of everything")
    parser.add_argument("--only", default="", help="a path, such as sweep, or one function")
    parser.add_argument(
        "--processor", action="store_true", help="time on the processor, for a busy machine"
    )
    parser.add_argument("--out", type=Path, default=RESULTS, help="where the JSON goes")
    return parser


if __name__ == "__main__":
    sys.exit(main())
