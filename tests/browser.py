"""Debian's Chromium, driven by Playwright; skipped with a reason where it is missing."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

CHROMIUM = Path("/usr/bin/chromium")
PATIENT = 30_000  # milliseconds that a busy machine may take for one step
sync_api.expect.set_options(timeout=PATIENT)
QUIET = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"]
QUIET += ["--disable-background-networking", "--disable-component-update"]


@contextmanager
def chromium() -> Iterator[Any]:
    if not CHROMIUM.exists():
        pytest.skip(f"{CHROMIUM} is not installed")
    try:
        playwright = sync_api.sync_playwright().start()
    except Exception as problem:
        pytest.skip(f"playwright cannot start: {problem}")
    browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
    yield browser
    browser.close()
    playwright.stop()


def keep_picture(page: Any, name: str, **more: Any) -> None:
    """Into the folder that PICTURES names, for people to look at; nowhere without it."""
    if folder := os.environ.get("PICTURES"):
        page.screenshot(path=Path(folder) / f"{name}.png", **more)
