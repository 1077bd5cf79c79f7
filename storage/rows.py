"""From a row to the object it is, and back."""

from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import Any, TypeVar, cast

from sqlalchemy import Insert, Row, Table, insert
from sqlalchemy.dialects import postgresql, sqlite

from storage.database import Transaction

T = TypeVar("T")


def as_object(cls: type[T], row: Row[Any] | Mapping[str, Any], /, **more: Any) -> T:
    """A dataclass from the columns that bear its fields' names."""
    values = {**(row._mapping if isinstance(row, Row) else row), **more}
    names = {field.name for field in fields(cls)}  # type: ignore[arg-type]
    return cls(**{name: value for name, value in values.items() if name in names})


def as_row(thing: Any, table: Table, **more: Any) -> dict[str, Any]:
    """A dataclass as values for the columns of `table`; an id that is not there yet stays away."""
    values = {**asdict(thing), **more}
    known = {name: value for name, value in values.items() if name in table.c}
    return {name: value for name, value in known.items() if name != "id" or value}


def upsert(
    db: Transaction, table: Table, values: Mapping[str, Any], *, on: list[str], update: list[str]
) -> Insert:
    """Insert, or change what is there already: one statement, safe for two at once."""
    dialect = postgresql if db.dialect.name == "postgresql" else sqlite
    statement: Any = dialect.insert(table).values(**values)
    new = {name: statement.excluded[name] for name in update}
    if new:
        statement = statement.on_conflict_do_update(index_elements=on, set_=new)
    else:
        statement = statement.on_conflict_do_nothing(index_elements=on)
    return cast("Insert", statement)


def add(db: Transaction, table: Table, values: Mapping[str, Any]) -> int:
    """Insert a row and return the id it got."""
    made = db.execute(insert(table).values(**values))
    assert made.inserted_primary_key is not None
    return int(made.inserted_primary_key[0])
