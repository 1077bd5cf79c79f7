"""How the schema came to be, step by step, and how a database gets there.

Alembic is loaded where there is something to migrate: a worker that starts only asks.
"""

from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import inspect, text

from storage.database import Database, reading

if TYPE_CHECKING:
    from alembic.config import Config

HERE = Path(__file__).parent


def upgrade(database: Database) -> None:
    """Bring the schema up to this code's. Two at once do it one after the other."""
    from alembic import command

    config = _config()
    config.attributes["database"] = database
    command.upgrade(config, "head")


def behind(database: Database) -> bool:
    """Whether the schema lacks a step that this code needs."""
    present, known = _present(database), _known()
    return present != max(known) and (present is None or present in known)


def _present(database: Database) -> str | None:
    """The last step that the schema has; None where it has none."""
    with reading(database) as db:
        if not inspect(db).has_table("alembic_version"):
            return None
        found = db.execute(text("SELECT version_num FROM alembic_version"))
        return found.scalar_one_or_none()


def _known() -> Collection[str]:
    """The numbers of all steps: each file's name begins with its own."""
    return {file.name.partition("_")[0] for file in (HERE / "versions").glob("[0-9]*_*.py")}


def _config() -> "Config":
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(HERE))
    config.set_main_option("path_separator", "os")
    return config
