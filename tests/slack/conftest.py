"""What people see and press does not depend on the database: SQLite will do."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from storage.database import Database, connect


@pytest.fixture
def database(tmp_path: Path, migrated_sqlite: bytes) -> Iterator[Database]:
    file = tmp_path / "bot.db"
    file.write_bytes(migrated_sqlite)
    engine = connect(f"sqlite:///{file}")
    yield engine
    engine.dispose()
