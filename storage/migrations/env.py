"""Alembic runs this for every command; the database is handed in, never named here."""

from alembic import context
from sqlalchemy import text

from storage.tables import metadata

LOCK = 5_826_300_127  # any number, as long as nobody else's

with context.config.attributes["database"].begin() as connection:
    if connection.dialect.name == "postgresql":
        connection.execute(text("SET LOCAL statement_timeout = 0"))
        connection.execute(text(f"SELECT pg_advisory_xact_lock({LOCK})"))
    context.configure(connection=connection, target_metadata=metadata, render_as_batch=True)
    with context.begin_transaction():
        context.run_migrations()
