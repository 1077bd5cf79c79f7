"""Real mail servers on this machine: Dovecot for IMAP and LMTP, aiosmtpd for SMTP."""

import atexit
import getpass
import grp
import os
import pwd
import shutil
import signal
import smtplib
import socket
import subprocess
import tempfile
import time
from base64 import b64decode
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from email.message import Message
from functools import cache
from pathlib import Path
from typing import Any

import imap_tools
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

PASSWORD = "correct-horse"
SERVANTS = ("mail", "nobody")  # unprivileged users that are there already

CONFIGURATION = """\
base_dir = {here}/run
state_dir = {here}/state
instance_name = unanswered-{imap}
log_path = {here}/dovecot.log
protocols = imap lmtp
listen = 127.0.0.1
ssl = {ssl}
ssl_cert = <{here}/certificate.pem
ssl_key = <{here}/key.pem
disable_plaintext_auth = no
auth_failure_delay = 0
auth_mechanisms = plain xoauth2
mail_location = maildir:~/Maildir
first_valid_uid = 1
mailbox_idle_check_interval = 1 secs
{rootless}
service imap-login {{
  {chroot}
  inet_listener imap {{
    port = {imap}
  }}
  inet_listener imaps {{
    port = {imaps}
  }}
}}
service lmtp {{
  inet_listener lmtp {{
    address = 127.0.0.1
    port = {lmtp}
  }}
}}
service anvil {{
  {chroot}
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service stats {{
  {chroot}
}}
passdb {{
  driver = oauth2
  mechanisms = xoauth2
  args = {here}/oauth2.conf
}}
passdb {{
  driver = static
  mechanisms = plain
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={user} gid={group} home={here}/home/%u allow_all_users=yes
}}
namespace inbox {{
  inbox = yes
  mailbox Sent {{
    auto = create
    special_use = \\Sent
  }}
}}
"""

ROOTLESS = """\
default_internal_user = {user}
default_internal_group = {group}
default_login_user = {user}
"""

OAUTH2 = """\
tokeninfo_url = http://127.0.0.1:{oauth}/tokeninfo?access_token=
username_attribute = email
"""


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@dataclass
class Dovecot:
    """A running Dovecot: every mailbox exists as soon as somebody names it, with `PASSWORD`."""

    here: Path
    imap: int = field(default_factory=free_port)
    imaps: int = field(default_factory=free_port)
    lmtp: int = field(default_factory=free_port)
    oauth: int = field(default_factory=free_port)  # where it asks whose an access token is

    def deliver(self, to: str, raw: bytes, sender: str = "") -> None:
        """Bring a mail as a mail server does, byte for byte."""
        with smtplib.LMTP("127.0.0.1", self.lmtp, timeout=10) as lmtp:
            lmtp.sendmail(sender, [to], raw)

    @contextmanager
    def mailbox(self, user: str, folder: str = "INBOX") -> Iterator[imap_tools.BaseMailBox]:
        """A mail client at work."""
        box = imap_tools.MailBoxUnencrypted("127.0.0.1", self.imap, timeout=10)
        with box.login(user, PASSWORD, folder):
            yield box

    def mails(self, user: str, folder: str = "INBOX") -> list[Message]:
        with self.mailbox(user, folder) as box:
            return [mail.obj for mail in box.fetch(mark_seen=False)]

    def kick(self) -> None:
        """End all IMAP sessions at once, as a server does when it restarts."""
        for process in _children(self._master()):
            if (Path("/proc") / str(process) / "comm").read_text().strip() == "imap":
                os.kill(process, signal.SIGKILL)

    def rebuild(self, user: str) -> None:
        """Restore a mailbox: the same mails under another UIDVALIDITY."""
        command = ["doveadm", "-c", self.here / "dovecot.conf", "mailbox", "update", "-u", user]
        validity = ["--uid-validity", str(int(time.time()) + 1000), "INBOX"]
        subprocess.run([*command, *validity], check=True, env=_environment())

    def start(self, user: str, group: str) -> None:
        self.here.chmod(0o755)
        home = self.here / "home"
        home.mkdir()
        shutil.chown(home, user, group)
        _certify(self.here)
        (self.here / "oauth2.conf").write_text(OAUTH2.format(oauth=self.oauth))
        configuration = self.here / "dovecot.conf"
        configuration.write_text(self._configuration(user, group))
        subprocess.run(["dovecot", "-c", configuration], check=True, env=_environment())
        until(lambda: _open(self.imap) and _open(self.lmtp), self._log)

    def stop(self) -> None:
        master = self._master()
        os.kill(master, signal.SIGTERM)
        until(lambda: not Path(f"/proc/{master}").exists(), self._log)

    def _configuration(self, user: str, group: str) -> str:
        root = os.geteuid() == 0
        return CONFIGURATION.format(
            here=self.here,
            imap=self.imap,
            imaps=self.imaps,
            lmtp=self.lmtp,
            ssl="yes",
            password=PASSWORD,
            user=user,
            group=group,
            rootless="" if root else ROOTLESS.format(user=user, group=group),
            chroot="" if root else "chroot =",
        )

    def _master(self) -> int:
        return int((self.here / "run" / "master.pid").read_text())

    def _log(self) -> str:
        return (self.here / "dovecot.log").read_text()


@contextmanager
def dovecot() -> Iterator[Dovecot]:
    """Start Dovecot in a folder of its own and end it again."""
    server = Dovecot(Path(tempfile.mkdtemp(prefix="dovecot-", dir="/tmp")))
    try:
        server.start(*servant())
        yield server
    finally:
        server.stop()
        shutil.rmtree(server.here)


def missing() -> str:
    """Why Dovecot can't run here; empty when it can."""
    if not (shutil.which("dovecot", path=_environment()["PATH"])):
        return "Dovecot is not installed (dovecot-imapd, dovecot-lmtpd)."
    if not Path("/usr/lib/dovecot/lmtp").exists():
        return "Dovecot's LMTP server is not installed (dovecot-lmtpd)."
    return "" if servant() else "There is no unprivileged user to run Dovecot as."


def servant() -> tuple[str, str]:
    """Whom the mailboxes belong to: ourselves, unless we are root."""
    if os.geteuid() != 0:
        return getpass.getuser(), grp.getgrgid(os.getegid()).gr_name
    known = {entry.pw_name: entry for entry in pwd.getpwall()}
    user = next(name for name in SERVANTS if name in known)
    return user, grp.getgrgid(known[user].pw_gid).gr_name


def until(true: Callable[[], bool], why: Callable[[], str]) -> None:
    """Wait for something to become true, ten seconds at most."""
    for _ in range(200):
        if true():
            return
        time.sleep(0.05)
    raise TimeoutError(why())


@dataclass
class Post:
    """Decides what becomes of a mail: an aiosmtpd handler that delivers into Dovecot by LMTP."""

    dovecot: Dovecot
    accepted: list[Envelope] = field(default_factory=list)
    asks_for_password: bool = True
    password: str = PASSWORD
    recipient: str = ""  # what to say to the next RCPT instead of "250 OK"
    verdict: str = ""  # what to say to the next DATA instead of taking it
    lose: bool = False  # take the next mail, deliver it, and hang up without a word
    drop_at: str = ""  # the command at which to hang up
    saves_in_sent: bool = False  # as Gmail does
    largest: int = 0  # bytes that it takes; 0: any

    async def handle_MAIL(  # noqa: N802
        self,
        server: SMTP,
        session: Session,
        envelope: Envelope,
        address: str,
        options: Sequence[str],
    ) -> str:
        if self.asks_for_password and not session.authenticated:
            return "530 5.7.0 Authentication required"
        if self.largest and _announced(options) > self.largest:
            return "552 5.3.4 Message too big"
        if self.drop_at == "MAIL":
            self.drop_at = ""
            _hang_up(server)
        envelope.mail_from, envelope.mail_options = address, list(options)
        return "250 OK"

    async def handle_RCPT(  # noqa: N802
        self, _: SMTP, __: Session, envelope: Envelope, address: str, options: Sequence[str]
    ) -> str:
        answer, self.recipient = self.recipient or "250 OK", ""
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server: SMTP, _: Session, envelope: Envelope) -> str:  # noqa: N802
        answer, self.verdict = self.verdict or "250 Taken", ""
        if answer.startswith("250"):
            self._take(envelope)
        if self.lose:
            self.lose = False
            _hang_up(server)
        return answer

    async def auth_XOAUTH2(self, server: SMTP, words: Sequence[str]) -> AuthResult:  # noqa: N802
        challenge = words[1] if len(words) > 1 else ""
        said = await server.challenge_auth("") if not challenge else b64decode(challenge)
        if isinstance(said, bytes) and b"auth=Bearer good-" in said:
            return AuthResult(success=True)
        await server.challenge_auth('{"status":"401"}')
        return AuthResult(success=False, handled=False)

    def knows(self, _: SMTP, __: Session, ___: Envelope, ____: str, credentials: Any) -> AuthResult:
        shown = credentials.password if isinstance(credentials, LoginPassword) else b""
        return AuthResult(success=shown == self.password.encode(), handled=False)

    def _take(self, envelope: Envelope) -> None:
        self.accepted.append(envelope)
        raw = bytes(envelope.original_content or b"")
        for address in envelope.rcpt_tos:
            self.dovecot.deliver(address, raw, envelope.mail_from or "")
        if self.saves_in_sent:
            with self.dovecot.mailbox(envelope.mail_from or "", "Sent") as box:
                box.append(raw, "Sent")


@dataclass
class Outgoing:
    """A running SMTP server and what it has seen."""

    post: Post
    port: int

    def send(self, to: str, raw: bytes, sender: str) -> None:
        """A customer's mail program sends a mail."""
        with smtplib.SMTP("127.0.0.1", self.port, timeout=10) as smtp:
            smtp.login(sender, PASSWORD)
            smtp.sendmail(sender, [to], raw)


@contextmanager
def smtp(dovecot: Dovecot) -> Iterator[Outgoing]:
    """Start an SMTP server that asks for a password and delivers into `dovecot`."""
    post = Post(dovecot)
    port = free_port()
    controller = Controller(
        post,
        hostname="127.0.0.1",
        port=port,
        authenticator=post.knows,
        auth_require_tls=False,
        enable_SMTPUTF8=True,
    )
    controller.start()
    try:
        yield Outgoing(post, port)
    finally:
        controller.stop()


@cache
def running() -> tuple[Dovecot, Outgoing]:
    """Both servers, started once and ended with the tests."""
    stack = ExitStack()
    atexit.register(stack.close)
    imap = stack.enter_context(dovecot())
    return imap, stack.enter_context(smtp(imap))


def _password_is_right(
    _: SMTP, __: Session, ___: Envelope, ____: str, credentials: Any
) -> AuthResult:
    right = isinstance(credentials, LoginPassword) and credentials.password == PASSWORD.encode()
    return AuthResult(success=right, handled=False)


def _announced(options: Sequence[str]) -> int:
    """The size of the mail, as its sender told it."""
    sizes = (option.partition("=")[2] for option in options if option.upper().startswith("SIZE="))
    return int(next(sizes, "0"))


def _hang_up(server: SMTP) -> None:
    if server.transport:
        server.transport.abort()


def _open(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _children(parent: int) -> list[int]:
    text = Path(f"/proc/{parent}/task/{parent}/children").read_text()
    return [int(word) for word in text.split()]


def _certify(here: Path) -> None:
    """A certificate for 127.0.0.1 that nobody has signed."""
    command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2"
    names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
    files = ["-keyout", here / "key.pem", "-out", here / "certificate.pem"]
    subprocess.run([*command.split(), *names, *files], check=True, capture_output=True)


def _environment() -> dict[str, str]:
    return {**os.environ, "PATH": f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"}
