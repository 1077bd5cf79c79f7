"""How the schema came to be, step by step, and how a database gets there."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from storage.database import Database

HERE = Path(__file__).parent


def upgrade(database: Database) -> None:
    """Bring the schema up to this code's. Two at once do it one after the other."""
    config = _config()
    config.attributes["database"] = database
    command.upgrade(config, "head")


def behind(database: Database) -> bool:
    """Whether the schema lacks a step that this code needs."""
    with database.connect() as connection:
        present = MigrationContext.configure(connection).get_current_revision()
    script = ScriptDirectory.from_config(_config())
    known = {revision.revision for revision in script.walk_revisions()}
    return present != script.get_current_head() and (present is None or present in known)


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(HERE))
    config.set_main_option("path_separator", "os")
    return config
