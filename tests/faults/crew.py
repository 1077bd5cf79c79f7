"""Keeps one or two workers alive while they are killed, stopped, frozen and replaced."""

import signal
import threading
import time
from collections import Counter
from random import Random

from tests.faults.town import LEASE, Town, Worker

ENDS = 20.0  # seconds in which a worker that is told to stop has ended
STEPS = (
    "before POST /api/chat.postMessage",
    "after POST /api/chat.postMessage",
    "before POST /api/chat.update",
    "after POST /api/chat.update",
    "after POST /api/conversations.history",
    "before POST //tweets",
    "after POST //tweets",
    "after GET //users//mentions",
    "before commit of outbox",
    "after commit of outbox",
    "after commit of destinations+outbox",
    "before commit of conversations+journal+outbox",
    "after commit of conversations+journal+outbox",
)
SLEEPS = (  # with something in hand that another will take meanwhile
    "after commit of destinations+outbox",
    "after commit of outbox",
    "after POST /api/conversations.history",
    "after GET //users//mentions",
)


class Crew(threading.Thread):
    """So many workers at once; each new life has a death or a sleep of its own before it."""

    def __init__(self, town: Town, seed: str, size: int, struck: Counter[str]) -> None:
        super().__init__(daemon=True)
        self.town, self.size, self.struck = town, size, struck
        self.chance = Random(seed)
        self.harmless, self.over = threading.Event(), threading.Event()
        self.lock = threading.RLock()
        self.at_work: list[Worker] = []
        self.leaving: list[tuple[Worker, float]] = []
        self.wrong: list[str] = []

    def run(self) -> None:
        while not self.over.wait(0.05):
            with self.lock:
                self._look()

    def kill(self) -> None:
        """At whatever it is doing just now."""
        with self.lock:
            worker = self._somebody()
            if worker and worker.process.is_alive() and not worker.asleep:
                worker.tell(signal.SIGKILL)
                self.struck["process: killed at any time"] += 1

    def stop(self) -> None:
        """In the middle of its work; sometimes it is told twice."""
        with self.lock:
            if worker := self._somebody():
                self._let_go(worker, "process: told to stop")

    def replace(self) -> None:
        """As a deploy does it: the new one is at work before the old one has ended."""
        with self.lock:
            if old := self._somebody():
                self.at_work.append(self._born())
                self._let_go(old, "process: replaced, overlapping")

    def restart(self) -> None:
        """All of them, because somebody has mended the settings."""
        with self.lock:
            for worker in list(self.at_work):
                self._let_go(worker, "process: told to stop")

    def rest(self) -> None:
        """Nobody dies any more: a last life begins in place of each."""
        self.harmless.set()
        with self.lock:
            for worker in list(self.at_work):
                worker.tell(signal.SIGCONT)
                self._let_go(worker, "process: told to stop")

    def end(self) -> None:
        with self.lock:
            self.over.set()
            for worker in list(self.at_work):
                self._let_go(worker, "process: told to stop")
            while self.leaving:
                time.sleep(0.05)
                self._see_off()

    def _somebody(self) -> Worker | None:
        return self.chance.choice(self.at_work) if self.at_work else None

    def _look(self) -> None:
        self._see_off()
        for worker in list(self.at_work):
            if not worker.process.is_alive():
                self.at_work.remove(worker)
                self._tell_of(worker)
            elif worker.asleep:
                self._wake(worker)
        room = self.town.server or not self.leaving  # SQLite serves one
        if len(self.at_work) < self.size and room:
            self.at_work.append(self._born())

    def _born(self) -> Worker:
        if self.harmless.is_set() or not self.town.lives:
            return self.town.begin()
        name = self.chance.choice(("*", self.chance.choice(STEPS)))
        count = self.chance.randint(60, 1500) if name == "*" else self.chance.randint(1, 60)
        if self.chance.random() < 0.3:
            return self.town.begin(sleep_at=f"{self.chance.choice(SLEEPS)}#{count % 20 + 1}")
        return self.town.begin(die_at=f"{name}#{count}")

    def _tell_of(self, worker: Worker) -> None:
        code, steps = worker.process.exitcode, worker.steps()
        if code == -signal.SIGKILL and steps[-1:] == ["killed"]:
            when = "before" if steps[-2].startswith("before") else "after"
            what = "a commit" if " commit " in steps[-2] else "a call"
            self.struck[f"process: killed {when} {what}"] += 1
        elif code == -signal.SIGTERM and not steps:
            return  # it was not even born
        elif code not in (0, 2, -signal.SIGKILL):  # 2: Slack did not let it in
            self.wrong.append(f"a worker ended with {code}")

    def _wake(self, worker: Worker) -> None:
        """Long after its lease has run out."""
        now = time.monotonic()
        if not worker.sleeps_until:
            long = self.town.seconds(LEASE) * self.chance.uniform(1.2, 2)
            worker.sleeps_until = now + long
        elif now > worker.sleeps_until:
            worker.sleeps_until = 0
            worker.tell(signal.SIGCONT)
            self.struck["process: asleep beyond its lease"] += 1

    def _let_go(self, worker: Worker, why: str) -> None:
        if worker not in self.at_work or not worker.process.is_alive() or worker.asleep:
            return
        self.at_work.remove(worker)
        self.leaving.append((worker, time.monotonic()))
        worker.tell(signal.SIGTERM)
        if not self.harmless.is_set():
            self.struck[why] += 1

    def _see_off(self) -> None:
        """Who was told to stop ends well and in time; or is killed, as a platform does."""
        for worker, since in list(self.leaving):
            if worker.asleep:
                worker.tell(signal.SIGCONT)
            elif not worker.process.is_alive():
                self.leaving.remove((worker, since))
                self._tell_of(worker)
            elif time.monotonic() - since > ENDS:
                last = worker.steps()[-3:]
                self.wrong.append(f"a worker did not end within {ENDS:.0f} s of SIGTERM: {last}")
                worker.tell(signal.SIGKILL)
                worker.process.join()
