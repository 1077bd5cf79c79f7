"""What triage made of each mention of a customer's, as long as its words are there."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, func, literal_column, select

from bot.domain.guess import Guess, Lane, Manner, Severity
from bot.domain.mention import Kind, Mention, Origin
from storage.database import Transaction
from storage.rows import add_all as insert_all
from storage.rows import as_object, as_row, upsert
from storage.tables import guesses, mentions

g, m = guesses.c, mentions.c


@dataclass(frozen=True)
class Alike:
    """Customers who said the same: how many, and two of them."""

    customers: int
    some: frozenset[int]


def alike(db: Transaction, words: Collection[str], since: datetime) -> Mapping[str, Alike]:
    """By what stands for their words, who has said each of these since then."""
    counted = (
        select(
            g.words,
            func.count(m.customer.distinct()).label("customers"),
            func.min(m.customer).label("first"),
            func.max(m.customer).label("last"),
        )
        .join(mentions, m.id == g.mention)
        .where(g.words != literal_column("''"), g.words.in_(words), g.at >= since)
        .group_by(g.words)
    )
    rows = db.execute(counted).all() if words else ()
    return {row.words: Alike(row.customers, frozenset({row.first, row.last})) for row in rows}


def add_all(db: Transaction, guessed: Mapping[int, Guess], at: datetime) -> None:
    """By the numbers of their mentions: none of them has been guessed at before."""
    rows = [as_row(guess, guesses, mention=mention) for mention, guess in guessed.items()]
    insert_all(db, guesses, rows, at=at)


def change(db: Transaction, mention: int, guess: Guess, at: datetime) -> None:
    """It was edited, and so what it is may be another thing."""
    row = as_row(guess, guesses, mention=mention, at=at)
    others = [name for name in row if name != "mention"]
    db.execute(upsert(db, guesses, row, on=["mention"], update=others))


def deciding(db: Transaction, said: Sequence[Mention], kind: Kind) -> Guess | None:
    """Of the newest of these that sounds like `kind`, or else of the newest."""
    found = decided(db, said, kind)
    return found[1] if found else None


def decided(db: Transaction, said: Sequence[Mention], kind: Kind) -> tuple[Mention, Guess] | None:
    """The same with the mention. What the customer took back decides only where all is gone."""
    heard = [each for each in said if each.origin is Origin.CUSTOMER]
    heard = [each for each in heard if not each.deleted] or heard
    if not heard:
        return None
    rows = db.execute(select(guesses).where(g.mention.in_([each.id for each in heard])))
    by_mention = {row.mention: row for row in rows}
    newest = sorted(heard, key=lambda each: each.posted_at, reverse=True)
    guessed = [(each, as_guess(by_mention[each.id])) for each in newest if each.id in by_mention]
    alike = (each for each in guessed if each[1].kind is kind)
    return next(alike, guessed[0] if guessed else None)


def as_guess(row: Row[Any]) -> Guess:
    return as_object(
        Guess,
        row,
        kind=Kind(row.kind),
        lane=Lane(row.lane),
        severity=Severity(row.severity) if row.severity else None,
        manner=Manner(row.manner),
    )
