"""Email: what arrives in a mailbox by IMAP, and answers by SMTP."""

import imaplib
import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import astuple, replace
from datetime import datetime, timedelta
from time import sleep

from imap_tools import BaseMailBox
from imap_tools.consts import MailMessageFlags
from imap_tools.errors import UnexpectedCommandStatusError

from adapters import Batch, Setting, Unreadable, admit, lost_our_place, scope
from adapters.email.letters import ADDRESS, Party, compose, own_id, read
from adapters.email.line import Mailroom, Server, Tokens, Trouble
from adapters.email.parts import picture, raw_mail
from adapters.email.walk import Arrival, Mark, News, begun, marks, news, paged
from adapters.web import is_private
from bot.domain.delivery import Refused, TryLater, Unsure
from bot.domain.mention import Mention
from bot.domain.reply import Ability, Attachment, Files, Sent

LIMIT = 20_000
FILES = Files(count=10, size=15_000_000, total=15_000_000)  # most servers take 20 MB, encoded
WAKEFUL = 300  # seconds in which a wait ends
RAW = 20_000
OAUTH = "Give a password, or the four settings that begin with EMAIL_OAUTH."
SENT_NAMES = ("sent", "sent items", "sent messages", "sent mail", "inbox.sent", "gesendet")


class Email:
    """One mailbox, and the address it answers from."""

    settings = (
        Setting("EMAIL_ADDRESS", "The address customers write to, and we answer from.", True),
        Setting("EMAIL_NAME", 'The name beside the address, such as "Acme Care".'),
        Setting("EMAIL_IMAP", "Where the mailbox is, such as imaps://imap.example.com:993.", True),
        Setting("EMAIL_SMTP", "Where mail is sent, such as smtps://smtp.example.com:465.", True),
        Setting("EMAIL_USER", "The name to sign in with; without it, the address."),
        Setting("EMAIL_PASSWORD", "The mailbox's password or an app password.", secret=True),
        Setting("EMAIL_OAUTH_TOKEN_URL", "Instead of a password: where access tokens come from."),
        Setting("EMAIL_OAUTH_CLIENT_ID", "The id of your app at the mail provider."),
        Setting("EMAIL_OAUTH_CLIENT_SECRET", "The secret of your app there.", secret=True),
        Setting("EMAIL_OAUTH_REFRESH_TOKEN", "What the mailbox's owner granted.", secret=True),
        Setting("EMAIL_FOLDER", "The folder to read.", default="INBOX"),
        Setting("EMAIL_SENT", "The folder of sent mail; without it, the one marked as such."),
        Setting("EMAIL_EVERY", "How often to look for mail, in seconds.", default="60"),
    )

    def __init__(
        self,
        name: str,
        settings: Mapping[str, str],
        now: Callable[[], datetime],
        history: timedelta,
    ) -> None:
        self.name, self.now, self.history = name, now, history
        self._settings = settings
        self.every = timedelta(seconds=self._seconds())
        self.me = Party(settings.get("EMAIL_NAME", ""), self._address())
        self.ability = Ability(speaks_as=str(self.me), limit=LIMIT, files=FILES)
        self.folder = settings.get("EMAIL_FOLDER") or "INBOX"
        self._sent = settings.get("EMAIL_SENT", "")
        self._room = self._mailroom()

    def check(self) -> str:
        with self._room.imap() as box, self._room.smtp():
            for folder in self._folders(box):
                self._status(box, folder)
        return f"mailbox {self.me.address}"

    def length(self, text: str) -> int:
        return len(text)

    def fetch(self, cursor: str | None) -> Batch:
        known, damaged = marks(cursor)
        with self._room.imap() as box:
            found = [self._news(box, folder, known.get(folder)) for folder in self._folders(box)]
            page, left = paged(found)
            items = self._read_all(box, page)
        reached = {each.folder: each.reached(page) for each in found}
        mentions = [item for item in items if isinstance(item, Mention)]
        return Batch(
            mentions=sorted(mentions, key=lambda mention: mention.posted_at),
            unreadable=[item for item in items if isinstance(item, Unreadable)],
            cursor=json.dumps({name: astuple(at) for name, at in (known | reached).items()}),
            more=left,
            gap=lost_our_place(self.history) if damaged else "",
        )

    def reply(
        self,
        mention: Mention,
        text: str,
        *,
        key: str,
        again: bool,
        files: Sequence[Attachment] = (),
    ) -> Sent:
        """Send first, file in Sent at once over a line that is open already.

        So a copy in Sent proves that it was sent, and the moment in which we can't know is as
        short as the network allows.
        """
        if mention.no_reply:
            raise Refused(mention.no_reply)
        if self.length(text) > LIMIT:
            raise Refused(f"The answer is longer than {LIMIT} characters.")
        admit(files, self.ability, "Email")
        id = own_id(key, self.me)
        with self._room.imap() as box:
            if again:
                self._must_be_sent(box, id, mention)
            else:
                self._send(box, mention, text, key, files)
        return Sent(key=id)

    def bring(self, mention: Mention, name: str, *, most: int) -> bytes:
        with self._room.imap() as box:
            self._select(box, str(mention.extra["folder"]))
            return picture(box, mention, name, ours=self.me.address, most=most)

    def wait(self, stop: Callable[[], bool]) -> bool:
        """A dead line answers every look at once, so then this ends soon."""
        with self._room.imap(listening=True) as box:
            self._select(box, self.folder)
            if "IDLE" not in str(box.client.capability()[1]).upper():
                return _pause(self.every, stop)
            return _woken(box, stop)

    def _news(self, box: BaseMailBox, folder: str, mark: Mark | None) -> News:
        status = self._status(box, folder)
        self._select(box, folder)
        start = begun(
            mark,
            validity=status["UIDVALIDITY"],
            following=status["UIDNEXT"],
            earliest=self.now() - self.history,
        )
        return news(box, folder, start)

    def _read_all(
        self, box: BaseMailBox, page: Sequence[Arrival]
    ) -> Sequence[Mention | Unreadable | None]:
        read_ones: dict[Arrival, Mention | Unreadable | None] = {}
        for folder in dict.fromkeys(arrival.folder for arrival in page):
            self._select(box, folder)
            for arrival in (a for a in page if a.folder == folder):
                read_ones[arrival] = self._read(box, arrival)
        return [read_ones[arrival] for arrival in page]

    def _read(self, box: BaseMailBox, arrival: Arrival) -> Mention | Unreadable | None:
        """None when somebody has deleted it meanwhile."""
        raw = b""
        try:
            raw = raw_mail(box, arrival.uid, arrival.size)
            return self._mention(raw, arrival) if raw else None
        except (imaplib.IMAP4.abort, OSError, TryLater):
            raise
        except Exception as problem:  # one mail must not keep us from the others
            key = f"{arrival.folder}/{arrival.at.isoformat()}/{arrival.uid}"
            return Unreadable(key=key, raw=_shown(raw), problem=repr(problem))

    def _mention(self, raw: bytes, arrival: Arrival) -> Mention:
        mention = read(
            raw,
            account=self.name,
            ours=self.me.address,
            received_at=arrival.at,
            sent=arrival.folder != self.folder,
        )
        lies = {"folder": arrival.folder, "uid": arrival.uid}
        return replace(mention, extra={**mention.extra, **lies}) if mention.media else mention

    def _send(
        self, box: BaseMailBox, mention: Mention, text: str, key: str, files: Sequence[Attachment]
    ) -> None:
        mail = compose(mention, text, sender=self.me, key=key, at=self.now(), files=files)
        sent_folder = self._sent_folder(box)
        with self._room.smtp() as smtp:
            self._room.hand_over(smtp, self.me.address, str(mention.extra["reply_to"]), mail)
            with suppress(*Trouble):  # the customer has it, whatever becomes of our copy
                _file(box, sent_folder, mail, own_id(key, self.me))

    def _must_be_sent(self, box: BaseMailBox, id: str, mention: Mention) -> None:
        for folder in self._folders(box):
            self._select(box, folder)
            if _mentioned(box, id):
                return
        raise Unsure(
            f"The answer to {mention.extra['reply_to']} may have been sent, but it is not in the "
            f"sent mail of {self.me.address}. Look into the mail server's log, or ask the "
            "customer, before you write again."
        )

    def _folders(self, box: BaseMailBox) -> list[str]:
        """What we read: the mailbox and, where there is one, the folder of sent mail."""
        return list(dict.fromkeys(filter(None, [self.folder, self._sent_folder(box)])))

    def _sent_folder(self, box: BaseMailBox) -> str:
        if not self._sent:
            folders = box.folder.list()
            marked = (f.name for f in folders if "\\sent" in str(f.flags).lower())
            named = (f.name for f in folders if f.name.lower() in SENT_NAMES)
            self._sent = next(marked, "") or next(named, "")
        return self._sent

    def _status(self, box: BaseMailBox, folder: str) -> Mapping[str, int]:
        try:
            return box.folder.status(folder, ["UIDVALIDITY", "UIDNEXT"])
        except UnexpectedCommandStatusError as problem:
            variables = f"{self._variable('EMAIL_FOLDER')} and {self._variable('EMAIL_SENT')}"
            raise TryLater(f"There is no folder {folder}. Check {variables}.") from problem

    def _select(self, box: BaseMailBox, folder: str) -> None:
        """Open it so that nothing we do can mark a mail as read."""
        box.folder.set(folder, readonly=True)

    def _variable(self, setting: str) -> str:
        return scope(self.name, setting)

    def _address(self) -> str:
        address = self._settings["EMAIL_ADDRESS"].strip().lower()
        if not (ADDRESS.fullmatch(address) and address.isascii()):
            raise ValueError(f"{self._variable('EMAIL_ADDRESS')} must be an address.")
        return address

    def _seconds(self) -> int:
        text = self._settings.get("EMAIL_EVERY") or "60"
        if not text.isdecimal() or not 1 <= int(text) <= 86_400:
            raise ValueError(f"{self._variable('EMAIL_EVERY')} must be a number of seconds.")
        return int(text)

    def _server(self, setting: str, kind: str) -> Server:
        try:
            return Server.at(self._settings[setting], kind)
        except ValueError as problem:
            raise ValueError(f"{self._variable(setting)} {problem}") from None

    def _mailroom(self) -> Mailroom:
        tokens = self._tokens()
        secret = "EMAIL_OAUTH_REFRESH_TOKEN" if tokens else "EMAIL_PASSWORD"
        if not self._settings.get(secret):
            raise ValueError(f"{self._variable(secret)} is missing. {OAUTH}")
        return Mailroom(
            imap_server=self._server("EMAIL_IMAP", "imap"),
            smtp_server=self._server("EMAIL_SMTP", "smtp"),
            user=self._settings.get("EMAIL_USER") or self.me.address,
            password=self._settings.get("EMAIL_PASSWORD", ""),
            tokens=tokens,
            locked=f"Check {self._variable('EMAIL_USER')} and {self._variable(secret)}.",
            domain=self.me.domain,
        )

    def _tokens(self) -> Tokens | None:
        parts = ("TOKEN_URL", "CLIENT_ID", "CLIENT_SECRET", "REFRESH_TOKEN")
        url, client, secret, refresh = (self._settings.get(f"EMAIL_OAUTH_{p}", "") for p in parts)
        if not url:
            return None
        if not is_private(url):
            raise ValueError(f"{self._variable('EMAIL_OAUTH_TOKEN_URL')} must begin with https://.")
        if not client:
            raise ValueError(f"{self._variable('EMAIL_OAUTH_CLIENT_ID')} is missing.")
        return Tokens(url, client, secret, refresh, self.now)


def _file(box: BaseMailBox, folder: str, mail: bytes, id: str) -> None:
    """Put a copy into Sent, unless the server has done it by itself, as Gmail does."""
    if not folder:
        return
    box.folder.set(folder, readonly=True)
    if not box.uids(f'HEADER Message-ID "{id}"', None):
        box.append(mail, folder, flag_set=[MailMessageFlags.SEEN])


def _mentioned(box: BaseMailBox, id: str) -> bool:
    """Whether the folder has this mail, or one that answers it."""
    names = ("Message-ID", "In-Reply-To", "References")
    return any(box.uids(f'HEADER {name} "{id}"', None) for name in names)


def _woken(box: BaseMailBox, stop: Callable[[], bool]) -> bool:
    woken = False
    box.idle.start()  # type: ignore[no-untyped-call]
    for _ in range(WAKEFUL):
        if woken or stop():
            break
        woken = any(b"EXISTS" in line for line in box.idle.poll(timeout=1))
    box.idle.stop()  # type: ignore[no-untyped-call]
    return woken


def _pause(length: timedelta, stop: Callable[[], bool]) -> bool:
    """Where the server can't wake us."""
    for _ in range(min(WAKEFUL, int(length.total_seconds()))):
        if stop():
            break
        sleep(1)
    return False


def _shown(raw: bytes) -> str:
    return raw[:RAW].decode("utf-8", "replace").replace("\0", "")
