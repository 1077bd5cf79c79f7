"""Where everything meets; the only file that knows all parts."""

import logging
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from apscheduler.schedulers.background import BackgroundScheduler
from slack_bolt import App
from slack_bolt.authorization import AuthorizeResult

from adapters import Adapter
from bot import timers
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
from bot.merging import Merging
from bot.publisher import Publisher
from bot.roads import Roads
from bot.schedules import Schedules
from bot.slack.afterwards import Afterwards
from bot.slack.answers import Answers
from bot.slack.auditing import Auditing
from bot.slack.bulk import Bulk
from bot.slack.channel import Channel, plain_errors
from bot.slack.client import Client
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
from bot.slack.trying import Trying
from bot.sweep import Sweep
from bot.team_files import TeamFiles
from bot.watch import EVERY, Watch
from storage import accounts, destinations, outbox
from storage.database import Database

log = structlog.get_logger()

LISTENERS = 24  # clicks worked on at once; Bolt's own five are soon all busy
TIMEOUT = 20  # seconds for one call to Slack, well below the lease
SCHEDULES = 60.0  # seconds between two looks which holidays or rotas are to be asked for
GREET = 30.0  # seconds between two attempts to learn who we are
DRAIN = 8.0  # seconds to finish what is under way when we are asked to stop


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
        self.team_files.refresh()
        self.schedules.remember(now)
        self.desk.rehang()

    def run(self, app_token: str, stopped: threading.Event) -> bool:
        """Work until `stopped`; False when it ended itself because no socket lived."""
        deaf, now = threading.Event(), self.desk.now()
        sockets = Sockets(self.bolt, app_token)
        self.managing.sockets = sockets.living
        watch = Watch(sockets, deaf.set, stopped.set)
        ticking = timers.wind_up(self.sweep, self.courier, self.intake, self.adapters, self.tick)
        ticking.add_job(
            timers.calm("schedules", self.keep_up), "interval", seconds=SCHEDULES, next_run_time=now
        )
        ticking.add_job(timers.calm("watch", watch.look), "interval", seconds=EVERY)
        ticking.add_job(
            timers.calm("greet", self.greet), "interval", seconds=GREET, next_run_time=now
        )
        ticking.start()
        threading.Thread(target=timers.heed_the_clock, args=(ticking, stopped), daemon=True).start()
        sockets.open()
        timers.listen(self.intake, self.adapters, stopped)
        log.info("bot.started", adapters=sorted(self.adapters))
        stopped.wait()
        self._drain(ticking, sockets)
        return not deaf.is_set()

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
    desk = Desk(database, settings.teams, adapters, now)
    answering = Answering(desk)
    amending = Amending(desk, answering)
    team_files = TeamFiles(desk, settings.environment, settings.adapter_names)
    channel, members = Channel(client, now), Members(client, now)
    links, merging = Links(), Merging(desk)
    clientele, contacts = Clientele(desk), Contacts(desk)
    roads = Roads(settings.alert_smtp_url, settings.alert_from, now)
    publisher = Publisher(database, answering, amending, adapters, channel.file)
    errands = Errands(desk, channel, members, publisher, links, roads)
    courier = Courier(
        desk, answering, amending, errands.run, lease=settings.lease, tries=settings.tries
    )
    bolt = App(
        client=client,
        authorize=_authorize,
        logger=logging.getLogger("slack_bolt"),
        listener_executor=ThreadPoolExecutor(LISTENERS),
    )
    managing = Managing(desk, links)
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
    ]
    Listeners(desk, client, members, [room.counter() for room in rooms]).listen(bolt)
    intake = Intake(desk, settings.import_days)
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
        settings.tick,
    )


def _authorize() -> AuthorizeResult:
    """Bolt need not ask Slack who we are: our own client says and does everything."""
    return AuthorizeResult(enterprise_id=None, team_id=None)
