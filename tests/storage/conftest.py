"""An outbox to put things into and take them out of."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest

from bot.domain.delivery import Delivery, Errand, Urgency
from storage import outbox
from storage.database import Database
from tests.conftest import NOON

LEASE = timedelta(minutes=2)


@dataclass
class Box:
    """The outbox, one line for each thing a test does with it."""

    database: Database

    def put(self, key: str, lane: str = "", errand: Errand = Errand.NOTICE, **more: Any) -> None:
        usual = {"destination": "C0CARE", "urgency": Urgency.NEW, "at": NOON}
        with self.database.begin() as db:
            outbox.put(db, errand, key=key, lane=lane or key, **{**usual, **more})

    def put_all(self, keys: Iterable[str], **more: Any) -> None:
        for key in keys:
            self.put(key, **more)

    def take(self, at: datetime = NOON, lease: timedelta = LEASE) -> Delivery | None:
        with self.database.begin() as db:
            return outbox.take(db, at, lease)

    def next(self, at: datetime = NOON) -> str | None:
        taken = self.take(at)
        return taken.key if taken else None

    def done(self, delivery: Delivery | None, at: datetime = NOON) -> bool:
        assert delivery, "nothing was taken"
        with self.database.begin() as db:
            return outbox.done(db, delivery, at)

    def put_off(
        self,
        delivery: Delivery | None,
        until: datetime,
        *,
        doubt: bool = True,
        error: bool = False,
    ) -> bool:
        assert delivery, "nothing was taken"
        with self.database.begin() as db:
            return outbox.put_off(db, delivery, "why", until, doubt=doubt, error=error)

    def redraw(self, lane: str, urgency: int = Urgency.COSMETIC) -> bool:
        with self.database.begin() as db:
            return outbox.redraw(db, Errand.CARD, lane, urgency=urgency)


@pytest.fixture
def box(database: Database) -> Box:
    return Box(database)
