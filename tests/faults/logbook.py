"""What the workers printed: no secret, no customer's words, and no trouble that nobody expected."""

import json
import re
from collections import Counter
from collections.abc import Iterator

from tests.faults.town import Town

SAID = re.compile(r"kettle\d+x|Reply U0\w+-\d+")
AWAY = (  # what a database that is away, locked, read-only or cut off looks like
    "OperationalError",
    "InterfaceError",
    "InternalError",
    "QueuePool limit",
)
LOST = (  # what a call looks like whose answer was lost: a person is told with a reference
    "ConnectionResetError",
    "RemoteDisconnected",
    "SlackApiError",
    "TimeoutError",
)
OURS = {  # a person must know, and is told
    "channel.gone",
    "database.set_back",
    "database.unavailable",
    "health.ails",
    "sockets.dead",
}
LOUD = ("error", "critical")
SDK = re.compile(  # what Slack's SDK says of a connection that breaks
    r"on_error invoked|Failed to (retrieve WSS URL|disconnect|connect|send"
    r"|check the (state of sock|current session)|receive|process a message|run a request listener"
    r")|.*(Connection reset|Broken pipe|Bad file descriptor)"
)


def complaints(town: Town) -> Iterator[str]:
    """Whatever in the log should not be there."""
    text = town.log.read_text() if town.log.exists() else ""
    for secret in town.secrets:
        if secret in text:
            yield f"a secret is in the log: …{secret[-4:]}"
    if said := SAID.search(text):
        yield f"somebody's words are in the log: {said[0]}"
    yield from (f"{n} times in the log: {what}" for what, n in Counter(_loud(text)).items())


def _loud(text: str) -> Iterator[str]:
    for line in text.splitlines():
        try:
            entry = json.loads(line)
        except ValueError:
            yield from _strange(line)
            continue
        if isinstance(entry, dict) and entry.get("level") in LOUD and not _expected(entry):
            last = str(entry.get("exception", "")).strip().splitlines()[-1:] or [""]
            yield f"{entry.get('event')}: {last[0][:200]}"


def _expected(entry: dict[str, str]) -> bool:
    event, trouble = entry.get("event"), str(entry.get("exception", ""))
    lost = event == "listener.failed" and any(word in trouble for word in LOST)
    sdk = SDK.match(str(event))
    return event in OURS or lost or bool(sdk) or any(word in trouble for word in AWAY)


def _strange(line: str) -> Iterator[str]:
    """What is no event of ours: a library that speaks up, or a traceback nobody caught."""
    loud = re.match(r"[\w.]*(Error|Exception)\b|ERROR|CRITICAL", line)
    if loud and not any(word in line for word in AWAY):
        yield re.sub(r"[0-9a-f]{8}-[0-9a-f-]+", "…", line)[:200]
