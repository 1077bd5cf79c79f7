"""django-helpdesk at work, in an environment of its own: mails become tickets, tickets escalate."""

import json
import logging
import sys
from datetime import timedelta
from time import perf_counter
from types import ModuleType
from urllib.parse import unquote, urlsplit

import django
from django.conf import settings
from django.core.management import call_command

MAIL = """\
From: Customer {n} <customer{n}@example.com>
To: care@acme.example
Subject: My order {n} is broken
Message-ID: <{n}@example.com>
Date: Tue, 03 Nov 2026 12:00:00 +0000
Content-Type: text/plain; charset=utf-8

My order {n} is broken, and nobody answers. I want a refund!
"""
APPS = ("admin", "auth", "contenttypes", "sessions", "messages", "sites", "humanize")


def main(url: str, many: int) -> None:
    _settle(url)
    call_command("migrate", verbosity=0)
    from helpdesk.models import Queue

    queue = Queue.objects.create(
        title="Care", slug="care", escalate_days=1, allow_email_submission=True
    )
    ingest = [_ingest(queue, number) for number in range(many)]
    print(json.dumps({"helpdesk_ingest": ingest, "helpdesk_sweep": [_sweep(many)]}))


def _settle(url: str) -> None:
    settings.configure(
        SECRET_KEY="for a benchmark",
        DATABASES={"default": _database(url)},
        INSTALLED_APPS=[*(f"django.contrib.{name}" for name in APPS), "helpdesk"],
        SITE_ID=1,
        USE_TZ=True,
        EMAIL_BACKEND="django.core.mail.backends.dummy.EmailBackend",
        DEFAULT_AUTO_FIELD="django.db.models.AutoField",
        ROOT_URLCONF="addresses",
        TEMPLATES=[
            {"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}
        ],
        LOGGING_CONFIG=None,
        MEDIA_ROOT="/nonexistent",
        HELPDESK_TEAMS_MODE_ENABLED=False,
        HELPDESK_KANBAN_BOARD_ENABLED=False,
    )
    logging.disable(logging.CRITICAL)
    django.setup()
    _addresses()


def _addresses() -> None:
    """Its mails lead to its pages, so those need a place."""
    from django.urls import include, path

    addresses = ModuleType("addresses")
    addresses.urlpatterns = [path("", include("helpdesk.urls", namespace="helpdesk"))]
    sys.modules["addresses"] = addresses


def _database(url: str) -> dict[str, object]:
    if url.startswith("sqlite"):
        name = url.removeprefix("sqlite:///")
        return {"ENGINE": "django.db.backends.sqlite3", "NAME": name}
    parts = urlsplit(url)
    host = dict(pair.split("=", 1) for pair in parts.query.split("&") if pair).get("host", "")
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": parts.path.lstrip("/"),
        "USER": parts.username or "",
        "PASSWORD": unquote(parts.password or ""),
        "HOST": unquote(host) or parts.hostname or "",
        "PORT": str(parts.port or ""),
    }


def _ingest(queue: object, number: int) -> float:
    from helpdesk.email import extract_email_metadata

    mail, start = MAIL.format(n=number), perf_counter()
    extract_email_metadata(mail, queue, logging.getLogger("helpdesk"))
    return (perf_counter() - start) * 1000


def _sweep(many: int) -> float:
    from django.utils import timezone
    from helpdesk.models import Ticket

    Ticket.objects.update(created=timezone.now() - timedelta(days=3), priority=3)
    start = perf_counter()
    call_command("escalate_tickets")
    took = (perf_counter() - start) * 1000 / many
    assert Ticket.objects.filter(priority=2).count() == many, "not all were escalated"
    return took


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
