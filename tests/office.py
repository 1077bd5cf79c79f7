"""A whole office: the playground with its page, and a real bot at work in this process."""

import re
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import text

from adapters.demo import Answer, Demo
from bot import config
from bot.app import Bot, assemble, slack_client
from bot.domain.case import Case
from bot.playground.limits import Limits
from bot.playground.server import Playground
from bot.playground.workspace import Workspace
from storage import accounts, migrations
from storage.database import Database, connect, reading
from tests.browser import PATIENT, keep_picture, sync_api
from tests.processes import until

expect = sync_api.expect
TEAMS = """
[teams.care]
channel = "C0CARE"
manager = "U0LEA"
answer_within = { complaint = "PT1H", question = "PT4H", praise = "P1D", other = "P1D" }
"""
A_WEEK = timedelta(days=7)
SOCKETS = 2  # connections of one bot
SOON = timedelta(milliseconds=300)  # instead of the second that people hardly notice
COMPUTER = {"width": 1280, "height": 900}
TALL = {"width": 1280, "height": 2400}
PHONE = {"width": 390, "height": 844}


@dataclass(frozen=True)
class Office:
    """Customers write with `write`; colleagues use `come` in a browser."""

    bot: Bot
    playground: Playground
    workspace: Workspace
    demo: Demo
    database: Database

    def write(self, words: str, *, hours_ago: float = 0, **more: Any) -> int:
        """A customer writes; the number that their conversation has as soon as its card is seen."""
        return self.shown(self.post(words, hours_ago=hours_ago, **more), more.get("to", ""))

    def post(self, words: str, *, hours_ago: float = 0, to: str = "", **more: Any) -> str:
        """The same without waiting; the post's key. `to` is an account that is not the first."""
        platform = self.bot.adapters[to or self.demo.name]
        assert isinstance(platform, Demo)
        return platform.post(words, at=datetime.now(UTC) - timedelta(hours=hours_ago), **more)

    def shown(self, key: str, account: str = "") -> int:
        """The number of a post's conversation, once its card is there."""
        number = partial(self._number, key, account or self.demo.name)
        until(lambda: number() and self.case(number()).conversation.card)
        return number()

    def of(self, handle: str) -> int:
        """The number of somebody's first conversation."""
        with reading(self.database) as db:
            theirs = text(
                "SELECT min(conversations.id) FROM conversations"
                " JOIN customers ON customers.id = conversations.customer WHERE handle = :handle"
            )
            return int(db.execute(theirs, {"handle": f"@{handle}"}).scalar_one())

    def case(self, number: int) -> Case:
        return self.bot.desk.look(number)

    def published(self, number: int, many: int = 1) -> list[Answer]:
        """What the brand says on the platform in this conversation, once it is so many."""
        until(lambda: len(self._answers(number)) == many)
        return self._answers(number)

    def _answers(self, number: int) -> list[Answer]:
        theirs = {mention.key for mention in self.case(number).mentions}
        answers = list(self.demo.answers())
        for answer in answers:  # a further part answers the one before it
            theirs |= {answer.key} if answer.to in theirs else set()
        return [answer for answer in answers if answer.to in theirs]

    def said_in(self, channel: str) -> list[str]:
        """Everything the bot and colleagues said there, threads too, as it is now."""
        return [str(message) for message in self.workspace.channels[channel].messages.values()]

    def _number(self, key: str, account: str) -> int:
        with reading(self.database) as db:
            known = text(
                "SELECT coalesce(max(conversation), 0) FROM mentions"
                " WHERE key = :key AND account = :account"
            )
            return int(db.execute(known, {"key": key, "account": account}).scalar_one())


class Colleague:
    """One person before the playground's page; each thing that people do is one line."""

    def __init__(self, browser: Any, office: Office, id: str, **more: Any) -> None:
        screen = {"viewport": COMPUTER, "locale": "en-US", "device_scale_factor": 1.5} | more
        screen |= {"reduced_motion": "reduce"}
        self.context = browser.new_context(**screen)
        self.page = self.context.new_page()
        self.page.set_default_timeout(PATIENT)
        self.page.goto(f"{office.playground.url}?person={id}")
        self.page.wait_for_selector(".pill")
        self.office, self.id = office, id

    # What one sees

    @property
    def room(self) -> Any:
        return self.page.get_by_role("main")

    @property
    def thread(self) -> Any:
        return self.page.get_by_role("complementary", name="Thread")

    @property
    def home(self) -> Any:
        return self.page.locator(".home")

    @property
    def whisper(self) -> Any:
        """The last thing that only this person sees."""
        private = self.page.get_by_text("Only visible to you")
        return self.room.get_by_role("article").filter(has=private).last

    @property
    def form(self) -> Any:
        """The form on top."""
        return self.page.get_by_role("dialog").last

    def message(self, words: str) -> Any:
        return self.room.get_by_role("article").filter(has_text=words).first

    def card(self, number: int) -> Any:
        """By the time at which it was posted: its words change."""
        card = self.office.case(number).conversation.card
        return self.room.locator(f'article[data-ts="{card}"]').first

    def sees(self, place: Any, *words: str) -> None:
        for each in words:
            expect(place).to_contain_text(each)

    def picture(self, place: Any, name: str, *, above: Any = None) -> None:
        """For the README: only this, of it what is above something, nothing under the pointer."""
        self.page.mouse.move(0, 0)
        if above is None:
            keep_picture(place, name)
            return
        self.page.set_viewport_size(TALL)
        box, end = place.bounding_box(), above.bounding_box()
        keep_picture(self.page, name, clip=box | {"height": end["y"] - box["y"]})
        self.page.set_viewport_size(COMPUTER)

    # What one does

    def go_to(self, place: str) -> None:
        """A channel by its name, "Unanswered Home", or "Unanswered" for the direct message."""
        ways = self.page.get_by_role("complementary", name="Workspace")
        before = self._home()
        ways.get_by_role("button", name=re.compile(rf"^{place}\b(?! Home)")).last.click()
        if place == "Unanswered Home":  # it is drawn anew, and nobody is as quick as this
            until(lambda: self._home() != before)
            drawn = "hash => JSON.stringify(snap.home).includes(hash)"
            self.page.wait_for_function(drawn, arg=self._home())

    def type(self, words: str) -> None:
        """Into the channel that is open."""
        box = self.room.get_by_role("textbox", name=re.compile("^Message "))
        box.fill(words)
        self.room.get_by_role("button", name="Send").click()

    def ask(self, words: str) -> Any:
        """`/unanswered …`, and the whisper that answers it."""
        before = len(self._whispers())
        self.type(f"/unanswered {words}".strip())
        until(lambda: len(self._whispers()) > before)
        ts = self._whispers()[-1]["ts"]
        return self.room.locator(f'article.ephemeral[data-ts="{ts}"]')

    def opens(self, words: str, title: str) -> Any:
        """`/unanswered …`, and the form that it opens."""
        self.type(f"/unanswered {words}")
        return self.sees_form(title)

    def press(self, place: Any, button: str) -> None:
        place.get_by_role("button", name=button).first.click()

    def choose(self, place: Any, item: str) -> None:
        """From the menu of a card, or from all that is behind its "More…"."""
        place.get_by_role("button", name="More actions").first.click()
        more = place.get_by_role("menuitem", name="More…")
        expect(more).to_be_visible()
        listed = place.get_by_role("menuitem", name=item, exact=True)
        if listed.count():
            listed.click()
            return
        more.click()
        self.press(self.sees_form("More for"), item.rstrip("…") + ":")

    def sees_form(self, title: str) -> Any:
        form = self.page.get_by_role("dialog", name=title)
        expect(form).to_be_visible()
        return form

    def sees_no_form(self) -> None:
        expect(self.page.get_by_role("dialog")).to_have_count(0)

    def send(self, button: str) -> None:
        """The form on top, with the button that sends it."""
        self.form.get_by_role("button", name=button, exact=True).click()

    def close(self) -> None:
        """The form on top, and all below it."""
        self.form.get_by_role("button", name="Close", exact=True).first.click()
        self.sees_no_form()

    def open_thread(self, place: Any) -> Any:
        place.hover()
        place.get_by_role("button", name=re.compile(r"repl(y|ies)\b|Reply in thread")).last.click()
        return self.thread

    def leave(self) -> None:
        """Close the browser; forms that were open in it are gone."""
        self.context.close()
        self.office.workspace.stacks.pop(self.id, None)

    def _home(self) -> str:
        return str(self.office.workspace.homes.get(self.id, {}).get("hash", ""))

    def _whispers(self) -> Sequence[Any]:
        return [each for each in self.office.workspace.whispers if each["user"] == self.id]


@contextmanager
def opened(
    folder: Path, teams: str = TEAMS, url: str = "", names: Sequence[str] = ("demo",)
) -> Iterator[Office]:
    """`url` is the database's; without one it is SQLite in the folder. `names` are the accounts.

    The bot has been at work for a week, so that what customers wrote since then is no history.
    """
    (folder / "teams.toml").write_text(teams)
    workspace = Workspace.demo(limits=Limits(on=False))
    with Playground(workspace) as playground:
        url = url or f"sqlite:///{folder / 'office.db'}"
        settings = config.read(_environment(playground, folder, url, names))
        settings = replace(settings, tick=SOON)
        database = connect(url)
        migrations.upgrade(database)
        _begun_long_ago(database, names)
        now: Callable[[], datetime] = partial(datetime.now, UTC)
        adapters = settings.adapters(now)
        client = slack_client(settings.bot_token, settings.slack_api_url)
        bot = assemble(settings, database, adapters, client, now)
        bot.settle_in()
        for each in adapters.values():
            assert isinstance(each, Demo)
            each.every = SOON
        with _at_work(bot, settings.app_token):
            until(lambda: len(playground.sockets.links) == SOCKETS)
            demo = adapters[names[0]]
            assert isinstance(demo, Demo)
            yield Office(bot, playground, workspace, demo, database)
        database.dispose()


def _begun_long_ago(database: Database, names: Sequence[str]) -> None:
    with database.begin() as db:
        for name in names:
            accounts.take_turn(db, name, datetime.now(UTC) - A_WEEK, timedelta(0))


@contextmanager
def _at_work(bot: Bot, app_token: str) -> Iterator[None]:
    stopped = threading.Event()
    worker = threading.Thread(target=bot.run, args=(app_token, stopped))
    worker.start()
    try:
        yield
    finally:
        stopped.set()
        worker.join(20)


def _environment(
    playground: Playground, folder: Path, url: str, names: Sequence[str]
) -> dict[str, str]:
    return {
        "SLACK_BOT_TOKEN": playground.workspace.bot_token,
        "SLACK_APP_TOKEN": playground.workspace.app_token,
        "SLACK_API_URL": playground.api_url,
        "ADAPTERS": ",".join(names),
        "DATABASE_URL": url,
        "TEAMS_FILE": str(folder / "teams.toml"),
    }


@contextmanager
def door(browser: Any, office: Office) -> Iterator[Callable[..., Colleague]]:
    """Colleagues come in by it, and have all left when it closes."""
    here: list[Colleague] = []

    def come(id: str, **more: Any) -> Colleague:
        here.append(Colleague(browser, office, id, **more))
        return here[-1]

    yield come
    for colleague in here:
        colleague.leave()
