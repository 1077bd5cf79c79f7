"""One event per thing that happened: readable on a terminal, JSON everywhere else."""

import logging
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import TextIO, cast

import structlog
from structlog.stdlib import ProcessorFormatter as Formatter
from structlog.typing import Processor

NOISY = ("apscheduler", "slack_bolt", "slack_sdk", "tweepy", "requests_oauthlib", "oauthlib")
TEXT, JSON = "text", "json"


class Output:
    """Standard output; where it takes nothing more, as on a full disk, the work goes on."""

    def write(self, text: str) -> None:
        with suppress(OSError):
            sys.stdout.write(text)

    def flush(self) -> None:
        with suppress(OSError):
            sys.stdout.flush()


def begin(level: str = "INFO", form: str = "", also: Sequence[Processor] = ()) -> None:
    """Send everything to standard output; libraries speak up only when something is wrong.

    `form` is text or json; without it, text on a terminal. `also` sees each event before it is
    drawn. Tracebacks are plain: the values of variables may be tokens, or what customers wrote.
    """
    rendering = _rendering((form or (TEXT if sys.stdout.isatty() else JSON)) == TEXT)
    first: list[Processor] = [
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    _libraries(first, rendering)
    structlog.configure(
        processors=[*first, *also, *rendering],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level)),
        logger_factory=structlog.PrintLoggerFactory(cast("TextIO", Output())),
    )


def _libraries(first: list[Processor], rendering: list[Processor]) -> None:
    """What others log looks like what we log."""
    handler = logging.StreamHandler(sys.stdout)
    drawn = [Formatter.remove_processors_meta, *rendering]
    named: list[Processor] = [structlog.stdlib.add_logger_name, *first]
    handler.setFormatter(Formatter(foreign_pre_chain=named, processors=drawn))
    root = logging.getLogger()
    others = [each for each in root.handlers if not isinstance(each.formatter, Formatter)]
    root.handlers[:] = [*others, handler]
    root.setLevel(logging.WARNING)
    for name in NOISY:
        logging.getLogger(name).setLevel(logging.ERROR)


def reason(problem: BaseException) -> str:
    """Why, in one line: without the statement and the hints that database drivers add."""
    return str(problem.__cause__ or problem).strip().splitlines()[0].rstrip(".")


def _rendering(terminal: bool) -> list[Processor]:
    if terminal:
        return [structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)]
    return [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
