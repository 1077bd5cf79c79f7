"""From a row to the object it is, and back."""

from collections.abc import Hashable, Mapping, Sequence
from functools import cache
from importlib import import_module
from typing import Any, TypeVar, cast

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Insert,
    Row,
    Table,
    Update,
    bindparam,
    func,
    insert,
    select,
    update,
)
from sqlalchemy import cast as sql_cast

from bot.domain.frozen import made, names
from storage.database import Transaction

T = TypeVar("T")


def as_object(cls: type[T], row: Row[Any] | Mapping[str, Any], /, **more: Any) -> T:
    """A dataclass from the columns that bear its fields' names."""
    values = dict(zip(row._fields, row, strict=True)) if isinstance(row, Row) else dict(row)
    values.update(more)
    for name in values.keys() - names(cast("Hashable", cls)):
        del values[name]
    return made(cls, values)


def as_row(thing: Any, table: Table, **more: Any) -> dict[str, Any]:
    """A dataclass as values for the columns of `table`; an id that is not there yet stays away."""
    names, values = _columns(table), {**vars(thing), **more}
    known = {name: value for name, value in values.items() if name in names}
    if not known.get("id", True):
        del known["id"]
    return known


def new_ids(db: Transaction, table: Table, many: int) -> Sequence[int]:
    """So many numbers for new rows, in order, which nobody else gets.

    On SQLite who writes is alone, and the next number is the one after the last.
    """
    if db.dialect.name == "postgresql":
        number = func.nextval(func.pg_get_serial_sequence(table.name, "id"))
        drawn = select(number).select_from(func.generate_series(1, many))
        return list(db.execute(drawn).scalars())
    last = db.execute(select(func.max(table.c.id))).scalar_one() or 0
    return range(last + 1, last + 1 + many)


def upsert(
    db: Transaction,
    table: Table,
    values: Mapping[str, Any] | None,
    *,
    on: list[str],
    update: list[str],
) -> Insert:
    """Insert, or change what is there already: one statement, safe for two at once.

    Without `values` for rows that are handed in when it is run.
    """
    statement: Any = _dialect(db.dialect.name).insert(table)
    statement = statement.values(**values) if values is not None else statement
    new = {name: statement.excluded[name] for name in update}
    if new:
        statement = statement.on_conflict_do_update(index_elements=on, set_=new)
    else:
        statement = statement.on_conflict_do_nothing(index_elements=on)
    return cast("Insert", statement)


@cache
def _dialect(name: str) -> Any:
    """SQLAlchemy's own words for this database; those for the other need not be in memory."""
    return import_module(f"sqlalchemy.dialects.{name}")


@cache
def _columns(table: Table) -> frozenset[str]:
    return frozenset(table.c.keys())


def literally(column: ColumnElement[Any], values: Sequence[str]) -> ColumnElement[bool]:
    """One of these, written out in the statement.

    SQLite looks into a partial index only where it can read what all of its rows have in common.
    """
    if len(values) == 1:
        only: Any = bindparam(None, values[0], literal_execute=True)
        return cast("ColumnElement[bool]", column == only)
    said: Any = bindparam(None, list(values), expanding=True, literal_execute=True)
    return column.in_(said)


def add_all(db: Transaction, table: Table, rows: Sequence[Mapping[str, Any]], **alike: Any) -> None:
    """Many rows, or none; `alike` is what stands in each of them."""
    if len(rows) > 1 and db.dialect.name == "postgresql":
        names = tuple(rows[0])
        once = {f"new_{name}": value for name, value in alike.items()}
        db.execute(_add_at_once(table, names, tuple(alike)), _by_column(names, rows) | once)
    elif rows:
        db.execute(insert(table), [{**row, **alike} for row in rows])


def change_all(db: Transaction, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Many rows, or none, each found by its id; all with the same columns."""
    if not rows:
        return
    names = tuple(rows[0])
    if len(rows) > 1 and db.dialect.name == "postgresql":
        db.execute(_change_at_once(table, names), _by_column(names, rows))
        return
    this = table.c.id == bindparam("new_id", type_=table.c.id.type)
    values: dict[str, Any] = {name: bindparam(f"new_{name}") for name in names if name != "id"}
    found = [{f"new_{name}": value for name, value in row.items()} for row in rows]
    db.execute(update(table).where(this).values(values), found)


def _by_column(names: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    return {f"new_{name}": [row[name] for row in rows] for name in names}


@cache
def _add_at_once(table: Table, names: tuple[str, ...], alike: tuple[str, ...]) -> Insert:
    rows = _at_once(table, names)
    columns: list[Any] = [rows.c[name] for name in names]
    columns += [bindparam(f"new_{name}", type_=table.c[name].type) for name in alike]
    return insert(table).from_select([*names, *alike], select(*columns), include_defaults=False)


@cache
def _change_at_once(table: Table, names: tuple[str, ...]) -> Update:
    rows = _at_once(table, names)
    values = {name: rows.c[name] for name in names if name != "id"}
    return update(table).where(table.c.id == rows.c.id).values(values)


def _at_once(table: Table, names: tuple[str, ...]) -> FromClause:
    """Many rows as PostgreSQL reads them quickest: one statement, and each column an array."""
    array = _dialect("postgresql").ARRAY
    types = {name: array(table.c[name].type, dimensions=1) for name in names}
    arrays = [sql_cast(bindparam(f"new_{name}", type_=type), type) for name, type in types.items()]
    return func.unnest(*arrays).table_valued(*names, name="new").render_derived()


def add(db: Transaction, table: Table, values: Mapping[str, Any]) -> int:
    """Insert a row and return the id it got."""
    made = db.execute(insert(table).values(**values))
    assert made.inserted_primary_key is not None
    return int(made.inserted_primary_key[0])
