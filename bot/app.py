"""Where everything meets; the only file that knows all parts."""

import logging
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from apscheduler.schedulers.background import BackgroundScheduler
from slack_bolt import App
from slack_bolt.authorization import AuthorizeResult

from adapters import Adapter
from bot import meters, timers
from bot.ailing import Ailing
from bot.amending import Amending
from bot.answering import Answering
from bot.clientele import Clientele
from bot.config import Settings
from bot.contacts import Contacts
from bot.courier import Courier
from bot.desk import Desk
from bot.errands import Errands
from bot.forgetting import Forgetting
from bot.intake import Intake
from bot.learning import Learning
from bot.merging import Merging
from bot.policy.made_in_slack import TeamFiles
from bot.policy.schedules import Schedules
from bot.publisher import Publisher
from bot.restored import Restored
from bot.roads import Roads
from bot.slack.afterwards import Afterwards
from bot.slack.answers import Answers
from bot.slack.auditing import Auditing
from bot.slack.bulk import Bulk
from bot.slack.channel import Channel, plain_errors
from bot.slack.client import Client, clock_off
from bot.slack.contacts import Logging
from bot.slack.counter import Room
from bot.slack.customers import Customers
from bot.slack.erasing import Erasing
from bot.slack.handling import Handling
from bot.slack.listeners import Listeners
from bot.slack.managing import Managing
from bot.slack.members import Members
from bot.slack.passing import Passing
from bot.slack.queue import Links
from bot.slack.saved_replies import SavedRoom
from bot.slack.setup import Setup
from bot.slack.socket import Sockets
from bot.slack.teaching import Teaching
from bot.slack.trying import Trying
from bot.sweep import Sweep
from bot.triage import Triage
from bot.watch import EVERY, Watch
from storage import accounts, destinations, outbox, stumbles
from storage.database import Database, Unavailable, ahead, on_trouble

log = structlog.get_logger()

LISTENERS = 24  # clicks worked on at once; Bolt's own five are soon all busy
TIMEOUT = 20  # seconds for one call to Slack, well below the lease
SCHEDULES = timedelta(minutes=1)  # between two looks which holidays or rotas are to be asked for
GREET = timedelta(seconds=30)  # between two attempts to learn who we are
TELL = timedelta(seconds=15)  # between two looks at what ails us
LESSONS = timedelta(seconds=20)  # between two looks whether a team was taught something
LEARN = timedelta(hours=1)  # between two looks whether one can be
COMPARE = timedelta(minutes=10)  # between two looks at the clocks of others
AWAKE = 1.0  # seconds; a signal that another thread got is heard when the main one wakes up
DRAIN = 4.0  # seconds to finish what is under way when we are asked to stop: all takes five


@dataclass(frozen=True)
class Bot:
    """The whole bot, put together and not yet running."""

    desk: Desk
    answering: Answering
    amending: Amending
    sweep: Sweep
    courier: Courier
    intake: Intake
    adapters: Mapping[str, Adapter]
    bolt: App
    client: Client
    links: Links
    schedules: Schedules
    team_files: TeamFiles
    managing: Managing
    learning: Learning
    watch: Watch
    tick: timedelta = timers.TICK

    def settle_in(self) -> None:
        """After a start: try again what was closed, and keep today's promises."""
        now = self.desk.now()
        for name in sorted(self.adapters):
            with self.desk.database.begin() as db:
                accounts.wake(db, name, now, mended=True)
        with self.desk.database.begin() as db:
            destinations.open_all(db)
        with self.desk.database.begin() as db:
            outbox.try_now(db, now)
            stumbles.try_now(db, now)
        self.watch.ask()
        self.team_files.refresh()
        self.schedules.remember(now)
        self.desk.rehang()

    def run(self, app_token: str, stopped: threading.Event) -> bool:
        """Work until `stopped`; False when it ended itself because it could not do its work."""
        hopeless = threading.Event()
        sockets = self.watch.sockets = Sockets(self.bolt, app_token)
        ticking = self._wind_up(sockets)
        for job, *about in (
            (timers.watch_over, ticking, stopped),
            (self.watch.keep_looking, stopped, hopeless.set, stopped.set),
        ):
            threading.Thread(target=job, args=about, daemon=True).start()
        ticking.start()
        sockets.open()
        timers.listen(self.intake, self.adapters, stopped)
        log.info("bot.started", adapters=sorted(self.adapters))
        while not stopped.wait(AWAKE):
            pass
        self._drain(ticking, sockets)
        return not hopeless.is_set()

    def _wind_up(self, sockets: Sockets) -> timers.Scheduler:
        """All that comes by itself: the work, and what keeps us able to do it."""
        now, watch = self.desk.now(), self.watch
        made = timers.wind_up(
            self.sweep, self.courier, self.intake, self.adapters, self.tick, watch.pulse
        )
        made.every("schedules", SCHEDULES, self.keep_up, at=now, slowest=timers.NETWORK)
        made.every("sockets", EVERY, sockets.renew, slowest=timers.NETWORK)
        made.every("greet", GREET, self.greet, at=now, slowest=timers.NETWORK)
        made.every("compare", COMPARE, self.compare_clocks, at=now, slowest=timers.NETWORK)
        made.every("ask", EVERY, watch.ask, at=now)
        made.every("lessons", LESSONS, self.learning.keep_up, at=now)
        made.every("learn", LEARN, self.learning.refit_some)
        made.every("ask_some", LEARN, self.learning.ask_some)
        made.every("tell", TELL, Ailing(self.desk, watch).tell)
        return made.ticking

    def compare_clocks(self) -> None:
        """Deadlines go by ours: how far is it from Slack's and the database's, at the most?"""
        with plain_errors("the workspace"):
            slacks = clock_off(self.client, self.desk.now)
        spans = (slacks, ahead(self.desk.database, self.desk.now))
        self.watch.clock_off = max((s for s in spans if s is not None), key=abs, default=None)

    def keep_up(self) -> None:
        """Ask for holidays and rotas, and for teams that other workers have changed.

        Where promises or hours have changed, count every clock anew.
        """
        changed = self.team_files.refresh()
        if self.schedules.refresh(self.desk.now()) or changed:
            self.sweep.recount()

    def greet(self) -> None:
        """Ask Slack who we are, until it says so: the addresses of cards begin with its answer."""
        if not self.links.workspace:
            with plain_errors("the workspace"):
                self.links.workspace = str(self.client.auth_test()["url"])

    def _drain(self, ticking: BackgroundScheduler, sockets: Sockets) -> None:
        """Take nothing new, finish what is under way, and leave the rest to the outbox."""
        self.courier.stopped = True
        with suppress(*Unavailable):
            self.watch.leave()
        ending = [
            threading.Thread(target=end, daemon=True) for end in (ticking.shutdown, sockets.close)
        ]
        until = time.monotonic() + DRAIN
        for thread in ending:
            thread.start()
        for thread in ending:
            thread.join(max(0.0, until - time.monotonic()))
        log.info("bot.stopped", drained=not any(thread.is_alive() for thread in ending))


def slack_client(token: str, api_url: str) -> Client:
    """Calls once and gives up in time: only the outbox repeats."""
    return Client(token=token, base_url=api_url, timeout=TIMEOUT, retry_handlers=[])


def assemble(
    settings: Settings,
    database: Database,
    adapters: Mapping[str, Adapter],
    client: Client,
    now: Callable[[], datetime],
) -> Bot:
    """Put the bot together. Nothing outside is asked yet."""
    desk = Desk(database, settings.teams, adapters, now, Triage(settings.triage))
    answering = Answering(desk)
    amending = Amending(desk, answering)
    team_files = TeamFiles(desk, settings.environment, settings.adapter_names)
    channel, members = Channel(client, now), Members(client, now)
    links, merging, learning = Links(), Merging(desk), Learning(desk)
    clientele, contacts = Clientele(desk), Contacts(desk)
    roads = Roads(settings.alert_smtp_url, settings.alert_from, now)
    publisher = Publisher(database, answering, amending, adapters, channel.file)
    errands = Errands(desk, channel, members, publisher, links, roads)
    watch = Watch(database, now, adapters, door=settings.expects_webhooks(adapters))
    on_trouble(database, meters.DATABASE_ERRORS.inc)
    restored = Restored(desk, channel)
    courier = Courier(
        desk,
        answering,
        amending,
        errands.run,
        lease=settings.lease,
        tries=settings.tries,
        restored=restored.look,
    )
    bolt = App(
        name="unanswered",  # else it reads every module's source to find one
        client=client,
        authorize=_authorize,
        logger=logging.getLogger("slack_bolt"),
        listener_executor=ThreadPoolExecutor(LISTENERS),
    )
    managing = Managing(desk, links, watch.fresh)
    rooms: list[Room] = [
        Answers(desk, answering, members),
        Afterwards(desk, answering, amending),
        SavedRoom(desk, channel),
        Handling(desk, merging),
        Passing(desk, merging),
        Customers(desk, clientele, contacts),
        Logging(desk, contacts, members, links),
        Auditing(desk),
        Erasing(desk, Forgetting(desk)),
        Bulk(desk),
        managing,
        Setup(desk, team_files, members),
        Trying(desk, settings.environment),
        Teaching(desk, learning, team_files),
    ]
    Listeners(desk, client, members, [room.counter() for room in rooms]).listen(bolt)
    intake = Intake(desk, settings.import_days, restored.look)
    return Bot(
        desk,
        answering,
        amending,
        Sweep(desk),
        courier,
        intake,
        adapters,
        bolt,
        client,
        links,
        Schedules(desk),
        team_files,
        managing,
        learning,
        watch,
        settings.tick,
    )


def _authorize() -> AuthorizeResult:
    """Bolt need not ask Slack who we are: our own client says and does everything."""
    return AuthorizeResult(enterprise_id=None, team_id=None)
