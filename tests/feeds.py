"""Schedules as other tools export them, written by hand after what theirs look like."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any


def calendar(*events: str, head: str = "") -> str:
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Acme//EN", *head.splitlines()]
    for number, event in enumerate(events):
        lines += ["BEGIN:VEVENT", f"UID:{number}@acme", *event.splitlines(), "END:VEVENT"]
    return "\r\n".join([*lines, "END:VCALENDAR", ""])


def day_off(day: str, name: str = "Acme day", *more: str) -> str:
    return "\n".join([f"DTSTART;VALUE=DATE:{day}", f"SUMMARY:{name}", *more])


GOOGLE = calendar(
    day_off(
        "20261225",
        "Christmas Day",
        "DTEND;VALUE=DATE:20261226",
        "DTSTAMP:20260701T120000Z",
        "CLASS:PUBLIC",
        "DESCRIPTION:Public holiday",
        "STATUS:CONFIRMED",
        "TRANSP:TRANSPARENT",
    ),
    day_off(
        "20261031",
        "Halloween",
        "DTEND;VALUE=DATE:20261101",
        "DESCRIPTION:Observance\\nTo hide observances\\, go to Google Calendar Settings",
        "TRANSP:TRANSPARENT",
    ),
    head="CALSCALE:GREGORIAN\nMETHOD:PUBLISH\nX-WR-CALNAME:Holidays in Germany\nX-WR-TIMEZONE:UTC",
)

PAGERDUTY = calendar(
    "DTSTART;VALUE=DATE-TIME:20260701T070000Z\nDTEND;VALUE=DATE-TIME:20260708T070000Z\n"
    "ATTENDEE:mailto:ana@acme.example\nSUMMARY:On Call - Ana Lee - Customer Care\n"
    "URL:https://acme.pagerduty.example/schedules#P1",
    "DTSTART;VALUE=DATE-TIME:20260708T070000Z\nDTEND;VALUE=DATE-TIME:20260715T070000Z\n"
    "ATTENDEE:mailto:ben@acme.example\nSUMMARY:On Call - Ben Okafor - Customer Care",
    head="X-WR-CALNAME:On Call Schedule for Customer Care\nMETHOD:PUBLISH",
)

OPSGENIE = calendar(
    "DTSTART;TZID=Europe/Berlin:20260629T090000\nDTEND;TZID=Europe/Berlin:20260629T170000\n"
    "RRULE:FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR\nSUMMARY:ana@acme.example (Care_Schedule)\n"
    "DESCRIPTION:Escalates to ben@acme.example",
    head="X-WR-CALNAME:Care_Schedule\nX-WR-TIMEZONE:Europe/Berlin",
)


@dataclass
class Site:
    """A web server on this machine: what it answers to each path, and what it was asked."""

    url: str = ""
    answers: dict[str, tuple[int, dict[str, str], Any]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def has(self, path: str, body: Any = b"", *, status: int = 200, **headers: str) -> str:
        """From now on it answers so; returns the address."""
        said = body.encode() if isinstance(body, str) else body
        self.answers[path] = (status, headers, said)
        return f"{self.url}{path}"


@contextmanager
def serving() -> Iterator[Site]:
    site = Site()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            site.asked.append(self.path)
            status, headers, body = site.answers.get(self.path, (404, {}, b""))
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            for piece in [body] if isinstance(body, bytes) else body():
                try:
                    self.wfile.write(piece)
                except OSError:
                    return

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    site.url = f"http://127.0.0.1:{server.server_port}"
    Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield site
    finally:
        server.shutdown()
        server.server_close()
