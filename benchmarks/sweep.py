"""What the sweep costs: for each nag, and when nothing is due."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial

from sqlalchemy import select, text, update

from benchmarks import grounds
from benchmarks.grounds import LADDER, NOON, OFFICE, Clock, assembled, database, moment
from benchmarks.harness import POSTGRESQL, Figure, Ground, Wanted, bench, in_pairs, timed
from bot.domain.team import Rule, Team, Teams
from bot.sweep import DIGEST, Sweep
from bot.timers import repeat
from storage import tables
from storage.database import Database

c = tables.conversations.c
URGENT = Team(
    name="care",
    channel="C0CARE",
    answer_within={},
    ladder=LADDER,
    calendar=OFFICE,
    rules=(Rule(name="all", first=timedelta(hours=1), urgent=True),),
)


@bench("sweep")
def a_nag(ground: Ground) -> Figure:
    """1,000 due at once: each is climbed, saved, put into the journal, and owed a nag of its own.

    Beside it a bare `UPDATE ... SKIP LOCKED ... RETURNING` of as many rows in the same batches;
    on SQLite, which has no such lock, without it. Every rule is urgent: of others, more than three
    at once are owed one list, which costs less.
    """
    due, rounds = ground.scale(1000, least=20), ground.scale(8, least=1)
    with database(ground) as ours, database(ground) as theirs:
        for each in (ours, theirs):
            _open(each, due * (rounds + 2), moment(each, NOON, plus="n * 0.001"))
        clock = Clock()
        bot = assembled(ours, teams=Teams({"care": URGENT}), clock=clock)

        def nag() -> float:
            clock.at = NOON + timedelta(milliseconds=_next_due(ours, due))
            return timed(partial(repeat, bot.sweep.nag_some), per=due)

        def bare() -> float:
            until = NOON + timedelta(milliseconds=_next_due(theirs, due))
            return timed(lambda: _climb(theirs, until), per=due)

        mine, limit = in_pairs(nag, bare, rounds=rounds, warm=1)
        owed = _owed(ours)
    assert owed == due * (rounds + 1), f"{owed} nags were owed"
    wanted = [Wanted("ratio", most=6), Wanted("median", most=2)]
    return Figure(name="sweep, a nag of 1,000 due", ours=mine, limit=limit, wanted=wanted)


@bench("sweep")
def nothing_due(ground: Ground) -> list[Figure]:
    """A look of the sweep at 1,000,000 open conversations of which none is due, and at 1,000.

    The nag's look alone, and each of the six looks of a tick.
    """
    later = NOON + timedelta(days=1)
    with database(ground) as crowded, database(ground) as calm:
        for each, many in ((crowded, ground.scale(1_000_000, least=1000)), (calm, 1000)):
            _open(each, many, moment(each, later, plus="n * 0.05"))
        sweeps = [assembled(each).sweep for each in (crowded, calm)]
        for sweep in sweeps:
            sweep.list_one()
        return [
            _looks("a look for nags", ground, sweeps, lambda sweep: sweep.nag_some),
            _looks("each of six looks", ground, sweeps, lambda sweep: partial(_tick, sweep), per=6),
        ]


def _looks(
    name: str,
    ground: Ground,
    sweeps: list[Sweep],
    look: Callable[[Sweep], Callable[[], object]],
    per: int = 1,
) -> Figure:
    crowded, calm = (look(sweep) for sweep in sweeps)
    rounds = ground.scale(400, least=10)
    ours, theirs = partial(timed, crowded, per=per), partial(timed, calm, per=per)
    mine, limit = in_pairs(ours, theirs, rounds=rounds, warm=10)
    wanted = [Wanted("ratio", most=1.3), Wanted("median", most=1)]
    return Figure(name=f"sweep, nothing due, {name}", ours=mine, limit=limit, wanted=wanted)


def _tick(sweep: Sweep) -> None:
    steps = (sweep.let_go_one, sweep.list_one, sweep.nag_some)
    for step in (*steps, sweep.follow_up_one, sweep.redraw_one, sweep.gather_one):
        assert not step()


def _open(database: Database, many: int, due: str) -> None:
    grounds.customers(database, 1)
    grounds.conversations(database, many, open_ones=many, due=due, customer="1")
    grounds.settled(database)


def _next_due(database: Database, many: int) -> int:
    """In how many milliseconds from noon so many more are due."""
    oldest = select(c.id).where(c.rungs_climbed == 0).order_by(c.id).limit(1)
    with database.begin() as db:
        return int(db.execute(oldest).scalar_one()) + many - 1


def _climb(database: Database, until: object) -> None:
    """The limit: the same rows in the same batches, a statement and a transaction for each."""
    due = select(c.id).where(c.state == "waiting", c.next_nag_at <= until, c.rungs_climbed == 0)
    batch = due.order_by(c.next_nag_at).limit(DIGEST)
    if database.dialect.name == POSTGRESQL:
        batch = batch.with_for_update(skip_locked=True)
    values = {"rungs_climbed": 1, "version": c.version + 1, "next_nag_at": NOON + timedelta(days=9)}
    climb = update(tables.conversations).where(c.id.in_(batch)).values(**values)
    while True:
        with database.begin() as db:
            if not db.execute(climb.returning(tables.conversations)).all():
                return


def _owed(database: Database) -> int:
    with database.begin() as db:
        asked = text("SELECT count(*) FROM outbox WHERE errand = 'nag'")
        return int(db.execute(asked).scalar_one())
