"""What goes wrong on demand: lost answers, rate limits, servers down, sockets that die."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum


class Trouble(StrEnum):
    LOST = "lost"  # done, then the connection is closed without an answer
    RESET = "reset"  # done, then the connection is reset
    RATE_LIMITED = "rate_limited"
    BROKEN = "broken"  # a server error, nothing done
    BROKEN_AFTER = "broken_after"  # done, then a server error
    SLOW = "slow"
    ERROR = "error"
    REFUSED = "refused"  # apps.connections.open says no
    DROPPED = "dropped"  # a socket is reset without a close frame
    FROZEN = "frozen"  # a socket stays open and says nothing any more
    THAWED = "thawed"
    REFRESHED = "refreshed"  # Slack asks politely for a new socket
    DISABLED = "disabled"  # Socket Mode was switched off for the app
    HISTORY_LAG = "history_lag"
    UNHEARD = "unheard"  # what a person did never arrives
    TWICE = "twice"  # what a person did arrives, and then once more


OF_SOCKETS = {
    Trouble.DROPPED,
    Trouble.FROZEN,
    Trouble.THAWED,
    Trouble.REFRESHED,
    Trouble.DISABLED,
}
OF_ENVELOPES = {Trouble.UNHEARD, Trouble.TWICE}
ENVELOPE = "an envelope"  # stands where the name of a method would
USUAL_SECONDS = {Trouble.SLOW: 1.0, Trouble.REFRESHED: 10.0}


@dataclass
class Fault:
    """One thing that will go wrong: with the nth next call, and as many times as said."""

    trouble: Trouble
    method: str = "*"
    nth: int = 1
    times: int = 1
    retry_after: int = 1
    status: int = 503
    error: str = "internal_error"
    seconds: float = 0.0  # 0: as long as usual
    sockets: int = 0  # how many of them; 0: all

    def __post_init__(self) -> None:
        self.trouble = Trouble(self.trouble)
        if self.trouble == Trouble.REFUSED:
            self.method = "apps.connections.open"
        if self.trouble in OF_ENVELOPES:
            self.method = ENVELOPE
        self.seconds = self.seconds or USUAL_SECONDS.get(self.trouble, 0.0)

    def concerns(self, method: str) -> bool:
        return self.method == method or (self.method == "*" and method != ENVELOPE)


class Faults:
    """`struck` counts what has really hit something, by trouble."""

    def __init__(self) -> None:
        self.struck: Counter[Trouble] = Counter()
        self.waiting: list[Fault] = []
        self.on_sockets: list[Callable[[Fault], None]] = []
        self.history_lag = 0.0

    def add(self, trouble: str, method: str = "*", **how: object) -> None:
        """Ask for trouble, by the names in `Trouble`; sockets suffer at once, calls when made."""
        fault = Fault(Trouble(trouble), method, **how)  # type: ignore[arg-type]
        if fault.trouble == Trouble.HISTORY_LAG:
            self.history_lag = fault.seconds
        elif fault.trouble in OF_SOCKETS:
            for tell in self.on_sockets:
                tell(fault)
        else:
            self.waiting.append(fault)

    def take(self, method: str) -> Fault | None:
        """The fault whose turn it is with this call; every call brings the later ones nearer."""
        concerned = [fault for fault in self.waiting if fault.concerns(method)]
        due = next((fault for fault in concerned if fault.nth <= 1), None)
        for fault in concerned:
            fault.nth -= fault is not due
        if due:
            self.struck[due.trouble] += 1
            self._use_up(due)
        return due

    def clear(self) -> None:
        self.waiting.clear()
        self.history_lag = 0.0

    def _use_up(self, fault: Fault) -> None:
        fault.times -= 1
        if fault.times < 1:
            self.waiting.remove(fault)
