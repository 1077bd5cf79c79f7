"""Makes things go wrong at random, from a seed, and counts what has really hit something."""

import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from random import Random

from sqlalchemy.exc import DBAPIError

from bot.playground.messages import remove
from tests.faults.crew import Crew
from tests.faults.server import TABLES
from tests.faults.town import CARE, Town
from tests.people import BEN

PAUSE = 0.1  # seconds between two faults, on average
CALM = 5.0  # seconds, at least, between two of those that cost a life
WAITING = 12  # faults that may wait for a call to hit
POSTS = ["chat.postMessage"] * 4 + ["chat.update"] * 3
CALLS = [*POSTS, "conversations.history", "conversations.replies", "views.open", "users.info", "*"]
LAG = 8.0  # seconds of Slack's time; the bot waits fifteen
ON_X = ["GET /2/users", "GET /2/users", "POST /2/tweets"]
Strike = Callable[[], None]


class Chaos(threading.Thread):
    """`struck` has what hit elsewhere than in a call; the calls' own stand-ins count theirs."""

    def __init__(self, town: Town, crew: Crew, seed: str, struck: Counter[str]) -> None:
        super().__init__(daemon=True)
        self.town, self.crew, self.struck = town, crew, struck
        self.chance = Random(seed)
        self.over, self.calm_until = threading.Event(), 0.0
        self.wrong: list[BaseException] = []

    def run(self) -> None:
        strikes = self._strikes()
        while not self.over.wait(self.chance.uniform(0, 2 * PAUSE)):
            strike = self.chance.choices([s for _, s in strikes], [w for w, _ in strikes])[0]
            try:
                strike()
            except DBAPIError:
                pass  # the database is away already
            except BaseException as problem:
                self.wrong.append(problem)
                raise

    def besiege(self, times: int) -> None:
        """Nothing else happens: the database is restarted and killed under load."""
        for n in range(times):
            self._restart(("immediate", "fast")[n % 2])
            time.sleep(self.chance.uniform(0.2, 1.2))

    def end(self) -> None:
        """Every fault ends."""
        self.over.set()
        if self.ident:
            self.join()
        self.town.slack.faults.clear()
        self.town.slack.faults.add("thawed")
        self.town.x.recover()

    def counted(self) -> Counter[str]:
        """Everything that hit, by kind."""
        slack, x = self.town.slack.faults.struck, self.town.x.struck
        told = Counter({f"Slack: {name}": n for name, n in slack.items() if name != "thawed"})
        told += Counter({f"platform: {name}": n for name, n in x.items()})
        return told + self.struck

    def _strikes(self) -> list[tuple[int, Strike]]:
        return [
            (60, self._slack_call),
            (16, self._x_call),
            (8, self._envelope),
            (4, self._sockets),
            (5, self._lag),
            (2, self._delete_by_hand),
            (1, self._leave),
            (4, self._shuffle),
            (6, self._costly),
            *(self._of_postgresql() if self.town.server else [(4, self._lock_sqlite)]),
        ]

    def _of_postgresql(self) -> list[tuple[int, Strike]]:
        return [(8, self._cut), (2, self._read_only), (5, self._lock_table)]

    def _costly(self) -> None:
        """What costs a new life is rare: a worker that is not there can't be hit."""
        now = time.monotonic()
        if now < self.calm_until:
            return
        self.calm_until = now + CALM
        strikes = [self._archive, self._throw_out, self._revoke, self._renew_keys]
        strikes += [self.crew.kill, self.crew.kill, self.crew.stop]
        if self.town.server:
            strikes += [self.crew.replace, self.crew.replace]
            strikes += [lambda: self._restart("fast"), lambda: self._restart("immediate")]
        self.chance.choice(strikes)()

    # Slack

    def _slack_call(self) -> None:
        faults, chance = self.town.slack.faults, self.chance
        if len(faults.waiting) >= WAITING:
            return
        method = chance.choice(CALLS)
        trouble = chance.choice(
            ["lost", "reset", "rate_limited", "broken", "broken_after", "slow", "refused"]
        )
        how = {"retry_after": chance.choice([1, 2, 5, 20]), "seconds": chance.uniform(0.1, 1.0)}
        faults.add(trouble, method, times=chance.choice([1, 1, 1, 2]), **how)

    def _envelope(self) -> None:
        self.town.slack.faults.add(self.chance.choice(["unheard", "twice"]))

    def _sockets(self) -> None:
        faults, trouble = self.town.slack.faults, self.chance.choice
        what = trouble(["dropped", "dropped", "refreshed", "frozen"])
        faults.add(what, sockets=self.chance.choice([0, 1, 1]), seconds=0.3)
        if what == "frozen":
            self.over.wait(self.chance.uniform(0.2, 1.5))
            faults.add("thawed")

    def _lag(self) -> None:
        faults = self.town.slack.faults
        faults.add("history_lag", seconds=self.chance.uniform(1, LAG))
        lasting = threading.Timer(self.chance.uniform(0.5, 2), faults.add, ("history_lag",))
        lasting.start()

    def _delete_by_hand(self) -> None:
        """The card of somebody who waits: it will be missed."""
        slack, channel = self.town.slack, self.town.channel
        with slack.lock:
            buttons = [ts for ts, m in channel.messages.items() if "'reply'" in str(m)]
            if not buttons:
                return
            ts = self.chance.choice(buttons)
            remove(channel, channel.messages[ts])
            slack.by_hand[ts] = slack.now()
        self.struck["Slack: card deleted by hand"] += 1

    def _archive(self) -> None:
        before = self.town.slack.refused["is_archived"]
        self.town.channel.archived = True
        self.over.wait(self.chance.uniform(0.3, 1.5))
        self.town.channel.archived = False
        self._mended("Slack: channel archived", self.town.slack.refused["is_archived"] - before)

    def _throw_out(self) -> None:
        slack, members = self.town.slack, self.town.channel.members
        before = slack.refused["not_in_channel"]
        members.remove(slack.bot_user)
        self.over.wait(self.chance.uniform(0.3, 1.5))
        members.append(slack.bot_user)
        self._mended("Slack: bot removed", slack.refused["not_in_channel"] - before)

    def _revoke(self) -> None:
        """The token ends, and the workers go on with a new one."""
        slack = self.town.slack
        before = slack.refused["token_revoked"]
        slack.revoked.add(slack.bot_token)
        self.over.wait(self.chance.uniform(0.5, 1.5))
        slack.bot_token = f"xoxb-{self.chance.randint(10**9, 10**10)}"
        self._mended("Slack: token revoked", slack.refused["token_revoked"] - before)
        self.crew.restart()

    def _leave(self) -> None:
        """A colleague's account is closed, and opened again."""
        slack = self.town.slack
        held = f"<@{BEN}>" in str(list(self.town.channel.messages.values())[-100:])
        slack.deactivate(BEN)
        self.over.wait(self.chance.uniform(0.5, 2))
        with slack.lock:
            slack.people[BEN].deleted = False
            for id in (CARE,):
                slack.channels[id].members.append(BEN)
        self.struck["Slack: person deactivated"] += held

    def _mended(self, what: str, hit: int) -> None:
        """Where a channel is closed to us the bot waits for minutes; a restart tries at once."""
        if hit:
            self.struck[what] += 1
            self.crew.restart()

    # The platform

    def _x_call(self) -> None:
        """One at a time: X is asked once a second, and left alone for longer after each failure."""
        if self.town.x.troubled:
            return
        x, chance = self.town.x, self.chance
        on = chance.choice(ON_X)
        html, empty = "<html>Over capacity</html>", {"title": "Service Unavailable"}
        chance.choice(
            [
                lambda: x.fail(500, html, on=on),
                lambda: x.fail(503, empty, on=on),
                lambda: x.fail(503, html, on=on, done=True),
                lambda: x.fail(200, html, on=on, done=True),
                lambda: x.cut_short(on=on),
                lambda: x.lose_next_answer(on=on),
                lambda: x.delay(chance.uniform(0.1, 1), on=on),
                lambda: x.delay(chance.uniform(0.1, 1), on=on),
                lambda: x.limit(chance.randint(2, 40), on=on),
                lambda: x.hang(on=on, seconds=chance.uniform(0.5, 2)),
            ]
        )()

    def _shuffle(self) -> None:
        self.town.x.shuffled = not self.town.x.shuffled

    def _renew_keys(self) -> None:
        """X does not let us in until somebody has renewed the keys and restarted the workers."""
        x, before = self.town.x, self.town.x.struck["401"]
        x.problem(401, "Unauthorized", on=self.chance.choice(ON_X))
        self.over.wait(1.2)
        if x.struck["401"] > before:
            self.crew.restart()

    # The database

    def _restart(self, mode: str) -> None:
        assert self.town.server
        name = {"fast": "restarted", "immediate": "killed"}[mode]
        self.struck[f"database: {name}"] += self.town.server.restart(mode)

    def _cut(self) -> None:
        assert self.town.server
        if line := self.town.line:
            hit = bool(line.ends)
            line.sever()
            self.over.wait(self.chance.uniform(0, 0.5))
            line.mend()
        else:
            hit = bool(self.town.server.cut())
        self.struck["database: connections cut"] += hit

    def _read_only(self) -> None:
        assert self.town.server
        before = self._complaints()
        with self.town.server.read_only():
            self.over.wait(self.chance.uniform(0.3, 1))
        self.struck["database: read-only"] += self._complaints() > before

    def _lock_table(self) -> None:
        assert self.town.server
        assert self.town.url
        table, seconds = self.chance.choice(TABLES), self.chance.uniform(0.1, 0.6)
        hit = self.town.server.lock(self.town.url, table, seconds)
        self.struck["database: table locked by others"] += bool(hit)

    def _lock_sqlite(self) -> None:
        """Another program holds the file; the worker that is at work must wait."""
        steps = self._steps()
        with suppress(sqlite3.OperationalError):
            file = sqlite3.connect(self.town.folder / "bot.db", timeout=1, isolation_level=None)
            try:
                file.execute("BEGIN EXCLUSIVE")
                self.over.wait(self.chance.uniform(0.3, 1.5))
                file.execute("ROLLBACK")
                self.struck["database: file locked by others"] += self._steps() >= steps > 0
            finally:
                file.close()
        time.sleep(0.05)

    def _complaints(self) -> int:
        return self.town.log.read_text().count(
            "ReadOnlySqlTransaction"
        ) + self.town.log.read_text().count("read-only")

    def _steps(self) -> int:
        return sum(len(worker.steps()) for worker in self.crew.at_work)
