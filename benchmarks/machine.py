"""What the figures were measured on; no host, no path."""

import os
import platform
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from sqlite3 import sqlite_version

from benchmarks.grounds import server_version

LIBRARIES = ("sqlalchemy", "psycopg", "slack-bolt", "slack-sdk", "apscheduler")


def described() -> dict[str, object]:
    """Cores, memory, load, and the versions of all that was measured."""
    pages, size = os.sysconf("SC_PHYS_PAGES"), os.sysconf("SC_PAGE_SIZE")
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "processor": _processor(),
        "cores": os.cpu_count(),
        "memory_gib": round(pages * size / 2**30),
        "load": [round(each, 2) for each in os.getloadavg()],
        "system": platform.system(),
        "python": platform.python_version(),
        "sqlite": sqlite_version,
        "postgresql": server_version(),
        "libraries": {name: version(name) for name in LIBRARIES},
    }


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.machine())
