"""Our bot on the strict Telegram on this machine: customers write to it in private."""

from adapters import Adapter, make
from adapters.telegram import Telegram
from adapters.telegram.messages import key, place
from tests.adapters.places import HISTORY, Clock
from tests.adapters.telegram_server import BOT, TOKEN, Sent, TelegramServer


class TelegramPlace(TelegramServer):
    can_answer = can_edit = has_credentials = first_run_reads_back = True
    can_correct = can_withdraw = can_bring = True
    can_delete = can_look = can_thread = can_find = False
    can_look_back = hears_itself = False
    pictures_at_once = 1

    def __init__(self) -> None:
        self.clock = Clock()
        super().__init__(self.clock)
        self.adapter = self.restarted()

    def restarted(self, **settings: str) -> Telegram:
        environment = {"TELEGRAM_TOKEN": TOKEN, "TELEGRAM_BOT": "@acme_bot", **settings}
        environment |= {"TELEGRAM_API_URL": self.url}
        adapter = make("telegram", Telegram, environment, self.clock, HISTORY)
        assert isinstance(adapter, Telegram)
        return adapter

    def locked_out(self) -> Adapter:
        return self.restarted(TELEGRAM_TOKEN="4242:AAE-stolen_stolen_stolen")

    def post(self, text: str, *, by: str = "mira", parent: str | None = None) -> str:
        return key(*self.write(text, by=by, to=place(parent) if parent else None))

    def post_pictures(self, *pictures: bytes) -> str:
        [content] = pictures
        return key(*self.write(None, photo=[self.picture(b"small"), self.picture(content)]))

    def answer_elsewhere(self, to: str, text: str) -> str:
        """Another program with the same token."""
        chat, number = place(to)[0], next(self.numbers)
        self.messages[chat, number] = Sent(chat, number, text, BOT)
        return key(chat, number)

    def edit(self, key: str, text: str) -> None:  # type: ignore[override]
        super().edit(place(key), text)

    def delete(self, key: str) -> None:
        self.messages[place(key)].gone = True

    def automated(self, text: str) -> str:
        return key(*self.write(f"/start {text}"))

    def spoil(self) -> None:
        self._bring(message={"chat": "nonsense", "text": "x"})

    def answers(self) -> list[str]:
        return [message.text for message in self.sent()]

    def lose_next_answer(self) -> None:
        self.loses = ("POST",)

    def lose_next_change(self) -> None:
        self.loses = ("POST",)

    def changes(self) -> int:  # type: ignore[override]
        return self.changed

    def calls(self) -> int:
        return self.methods.count("sendMessage")

    def too_long(self) -> str:
        return "\N{PERSON WITH FOLDED HANDS}" * 2049  # two units each

    def pass_(self, minutes: float) -> None:
        self.clock.pass_(minutes)
