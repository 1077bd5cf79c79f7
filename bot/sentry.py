"""Errors of ours, told to Sentry where SENTRY_DSN is set; nothing that anybody wrote goes there."""

import re
import sys
from types import TracebackType
from typing import Any

from structlog.typing import EventDict, WrappedLogger

SAFE = ("account", "errand", "job", "key", "reference", "road", "team", "timer", "what", "worker")
TOKEN = re.compile(r"(?:xox[a-z]|xapp|xwfp)-[\w-]+|\b\w*://[^\s/@]*@|Bearer\s+\S+", re.I)
PATIENCE = 2.0  # seconds at the end for what has not been sent yet
LOGGED = ("error", "critical")

Raised = tuple[type[BaseException], BaseException, TracebackType | None]


def begin(dsn: str, release: str = "") -> None:
    """Only what we tell is sent: no tracing, no variables, no trail of what was logged before."""
    import sentry_sdk

    sentry_sdk.init(
        dsn=dsn,
        release=release or None,
        default_integrations=False,
        auto_enabling_integrations=False,
        include_local_variables=False,
        max_breadcrumbs=0,
        traces_sample_rate=None,
        send_client_reports=False,
        server_name="",
        before_send=lambda event, _hint: scrubbed(event),
        shutdown_timeout=PATIENCE,
    )


def end() -> None:
    """Send what waits. Does nothing where nobody has begun."""
    if sentry := sys.modules.get("sentry_sdk"):
        sentry.flush(PATIENCE)


def tell(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """A processor of structlog: what is for a person, by its name and its ids."""
    if event.get("level") in LOGGED:
        import sentry_sdk

        sentry_sdk.capture_event(_told(event))
    return event


def _told(event: EventDict) -> Any:
    from sentry_sdk import get_client
    from sentry_sdk.utils import event_from_exception

    name, raised = str(event["event"]), _raised(event)
    told: dict[str, Any] = {"level": "error", "logger": "unanswered", "message": name}
    told["extra"] = {field: value for field, value in event.items() if _is_safe(field, value)}
    told["fingerprint"] = [name, raised[0].__name__ if raised else ""]
    if raised:
        told |= event_from_exception(raised, client_options=get_client().options)[0]
    return told


def _raised(event: EventDict) -> Raised | None:
    given = event.get("exc_info")
    if isinstance(given, BaseException):
        return type(given), given, given.__traceback__
    if given is True:
        given = sys.exc_info()
    return given if isinstance(given, tuple) and given[0] is not None else None


def _is_safe(name: str, value: object) -> bool:
    return name in SAFE or (isinstance(value, (bool, int, float)) and name != "exc_info")


def scrubbed(event: Any) -> Any:
    """Without what exceptions say, which may be a customer's words, and without tokens anywhere."""
    for raised in (event.get("exception") or {}).get("values") or ():
        raised["value"] = ""
    return _without_tokens(event)


def _without_tokens(thing: Any) -> Any:
    if isinstance(thing, dict):
        return {name: _without_tokens(value) for name, value in thing.items()}
    if isinstance(thing, list):
        return [_without_tokens(each) for each in thing]
    return TOKEN.sub("…", thing) if isinstance(thing, str) else thing
