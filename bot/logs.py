"""One event per thing that happened: readable on a terminal, JSON everywhere else."""

import logging
import sys

import structlog

NOISY = ("apscheduler", "slack_bolt", "slack_sdk", "tweepy", "requests_oauthlib", "oauthlib")


def begin(level: str = "INFO") -> None:
    """Send everything to standard output; libraries speak up only when something is wrong."""
    logging.basicConfig(
        stream=sys.stdout, level=logging.WARNING, format="%(levelname)s %(message)s"
    )
    for name in NOISY:
        logging.getLogger(name).setLevel(logging.ERROR)
    shown: structlog.typing.Processor = structlog.processors.JSONRenderer()
    trouble: structlog.typing.Processor = structlog.processors.dict_tracebacks
    if sys.stdout.isatty():
        shown, trouble = structlog.dev.ConsoleRenderer(), structlog.stdlib.add_log_level
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            trouble,
            shown,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level)),
        cache_logger_on_first_use=False,
    )
