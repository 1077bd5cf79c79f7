"""One event per thing that happened: readable on a terminal, JSON everywhere else."""

import logging
import sys

import structlog
from structlog.typing import Processor

NOISY = ("apscheduler", "slack_bolt", "slack_sdk", "tweepy", "requests_oauthlib", "oauthlib")


def begin(level: str = "INFO") -> None:
    """Send everything to standard output; libraries speak up only when something is wrong.

    Tracebacks are plain: the values of variables may be tokens, or what customers wrote.
    """
    form = "%(levelname)s %(name)s %(message)s"
    logging.basicConfig(stream=sys.stdout, level=logging.WARNING, format=form)
    for name in NOISY:
        logging.getLogger(name).setLevel(logging.ERROR)
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            *_rendering(sys.stdout.isatty()),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level)),
    )


def reason(problem: BaseException) -> str:
    """Why, in one line: without the statement and the hints that database drivers add."""
    return str(problem.__cause__ or problem).strip().splitlines()[0].rstrip(".")


def _rendering(terminal: bool) -> list[Processor]:
    if terminal:
        return [structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)]
    return [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
