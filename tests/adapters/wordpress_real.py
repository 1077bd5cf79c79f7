"""A real WordPress on this machine: Debian's packages, MariaDB, and PHP's own web server."""

import atexit
import json
import os
import pwd
import shutil
import subprocess
import tempfile
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from tests.adapters.servers import free_port, until

CODE = Path("/usr/share/wordpress")
PROGRAMS = ("php", "mariadbd", "mariadb-install-db")
DATABASE = "wordpress"
OWN_PASSWORD = "the-account-s-own"
FLAGS = ("disabled", "http", "lose", "closed")  # files that turn something on

CONFIGURATION = """<?php
define('DB_NAME', '{database}');
define('DB_USER', 'root');
define('DB_PASSWORD', '');
define('DB_HOST', 'localhost:{here}/db.sock');
define('DB_CHARSET', 'utf8mb4');
define('DB_COLLATE', '');
define('WP_ENVIRONMENT_TYPE', file_exists('{here}/http') ? 'production' : 'local');
define('WP_HOME', 'http://127.0.0.1:{port}');
define('WP_SITEURL', 'http://127.0.0.1:{port}');
define('WP_CONTENT_DIR', '{code}/wp-content');
define('WPMU_PLUGIN_DIR', '{here}/plugins');
define('WP_HTTP_BLOCK_EXTERNAL', true);
define('DISABLE_WP_CRON', true);
define('AUTOMATIC_UPDATER_DISABLED', true);
define('AUTH_KEY', 'a'); define('SECURE_AUTH_KEY', 'b'); define('LOGGED_IN_KEY', 'c');
define('NONCE_KEY', 'd'); define('AUTH_SALT', 'e'); define('SECURE_AUTH_SALT', 'f');
define('LOGGED_IN_SALT', 'g'); define('NONCE_SALT', 'h');
$table_prefix = 'wp_';
require_once ABSPATH . 'wp-settings.php';
"""

# What the tests need to know and to break, as a plugin of this site: which requests came, what
# time it is, an answer that is lost after it was written, a comment that some plugin has spoilt.
PLUGIN = """<?php
define('HERE', '{here}');
function wp_mail() {{
    return true;
}}
function flagged($name) {{
    return file_exists(HERE . '/' . $name);
}}
function taken_away($name) {{
    return flagged($name) && unlink(HERE . '/' . $name);
}}
add_filter('rest_pre_insert_comment', function ($comment) {{
    $at = trim(file_get_contents(HERE . '/clock'));
    return array_merge($comment, ['comment_date' => $at, 'comment_date_gmt' => $at]);
}});
add_filter('rest_pre_dispatch', function ($result, $server, $request) {{
    $line = $request->get_method() . ' ' . $request->get_route() . "\\n";
    file_put_contents(HERE . '/requests', $line, FILE_APPEND);
    return $result;
}}, 10, 3);
add_filter('rest_post_dispatch', function ($response, $server, $request) {{
    if ($request->get_method() !== 'GET' && taken_away('lose')) {{
        status_header(504);
        exit;
    }}
    return $response;
}}, 10, 3);
add_filter('rest_prepare_comment', function ($response, $comment) {{
    if ($comment->comment_content === 'spoilt') {{
        $response->data['content'] = null;
    }}
    return $response;
}}, 10, 2);
if (flagged('disabled')) {{
    add_filter('rest_authentication_errors', function () {{
        return new WP_Error('rest_disabled', 'The REST API is off.', ['status' => 401]);
    }});
}}
if (flagged('closed')) {{
    add_filter('wp_is_application_passwords_available', '__return_false');
}}
"""

# What happens in wp-admin, done by WordPress's own functions; `query` is SQL.
BACK_DOOR = """<?php
require __DIR__ . '/wp-load.php';
function query($sql) {
    global $wpdb;
    return $wpdb->get_results($sql);
}
function application_password($user) {
    return WP_Application_Passwords::create_new_application_password($user, ['name' => 'u'])[0];
}
$done = [];
foreach (json_decode(file_get_contents('php://input'), true) as $call) {
    $done[] = call_user_func_array(array_shift($call), $call);
}
header('Content-Type: application/json');
echo json_encode($done);
"""
INSTALL = """<?php
define('WP_INSTALLING', true);
require __DIR__ . '/wp-load.php';
require ABSPATH . 'wp-admin/includes/upgrade.php';
wp_install('Acme blog', 'acme', 'acme@acme.example', true, '', '{password}');
"""
SETTLED = (  # who there is; nobody is sent mail
    ("wp_create_user", "care", OWN_PASSWORD, "care@acme.example"),
    ("wp_update_user", {"ID": 2, "role": "editor", "display_name": "Acme Care"}),
    ("wp_create_user", "ben", OWN_PASSWORD, "ben@acme.example"),
    ("wp_update_user", {"ID": 3, "role": "editor", "display_name": "Ben"}),
    ("wp_create_user", "guest", OWN_PASSWORD, "guest@acme.example"),
    ("update_option", "comments_notify", 0),
    ("update_option", "moderation_notify", 0),
    ("update_option", "comment_previously_approved", 0),
    ("application_password", 1),
    ("application_password", 2),
    ("application_password", 4),
)


@dataclass
class WordPress:
    """A running WordPress with one post; `passwords` are application passwords, by user."""

    here: Path
    port: int = field(default_factory=free_port)
    passwords: dict[str, str] = field(default_factory=dict)
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def do(self, *calls: Sequence[Any]) -> list[Any]:
        """Call functions of WordPress, each as its name and its arguments; what they return."""
        body = json.dumps(calls).encode()
        with urllib.request.urlopen(f"{self.url}/back-door.php", body, timeout=30) as answer:
            done: list[Any] = json.load(answer)
        return done

    def flag(self, name: str) -> None:
        """Turn something on until the next `begin_anew`."""
        (self.here / name).touch()

    def add(self, *comments: Mapping[str, Any]) -> list[int]:
        """As they are stored, by columns of wp_comments; longer than WordPress itself allows."""
        if any(len(one["comment_content"].encode()) > 65_525 for one in comments):
            self.do(("query", "ALTER TABLE wp_comments MODIFY comment_content LONGTEXT"))
        return self.do(*(("wp_insert_comment", one) for one in comments))

    def change(self, id: int, content: str) -> None:
        self.do(("wp_update_comment", {"comment_ID": id, "comment_content": content}))

    def set_status(self, id: int, status: str) -> None:
        """approve, hold, spam or trash."""
        self.do(("wp_set_comment_status", id, status))

    def remove(self, id: int) -> None:
        self.do(("wp_delete_comment", id, True))

    def close_post(self) -> None:
        self.do(("query", "UPDATE wp_posts SET comment_status = 'closed'"), ("wp_cache_flush",))

    def stored(self) -> list[dict[str, Any]]:
        """All comments, by columns of wp_comments, oldest first."""
        [rows] = self.do(("query", "SELECT * FROM wp_comments ORDER BY comment_ID"))
        return list(rows)

    def tell_time(self, at: str) -> None:
        (self.here / "clock").write_text(at)

    def requests(self) -> list[str]:
        """Method and route of each request to the REST API since the last `begin_anew`."""
        log = self.here / "requests"
        return log.read_text().splitlines() if log.exists() else []

    def begin_anew(self) -> None:
        """No comments, nothing turned on."""
        for name in (*FLAGS, "requests"):
            (self.here / name).unlink(missing_ok=True)
        self.do(
            ("query", "TRUNCATE wp_comments"),
            ("query", "TRUNCATE wp_commentmeta"),
            ("query", "ALTER TABLE wp_comments MODIFY comment_content TEXT"),
            ("query", "UPDATE wp_posts SET comment_status = 'open', comment_count = 0"),
            ("wp_cache_flush",),
        )

    def start(self) -> None:
        self.here.chmod(0o755)
        self._put_files()
        self._start_database()
        php = ["php", "-d", "opcache.enable_cli=1"]
        subprocess.run([*php, self.here / "install.php"], check=True, stdout=subprocess.DEVNULL)
        self._run([*php, "-S", f"127.0.0.1:{self.port}", "-t", str(self.here)], "php.log")
        until(lambda: _answers(self.url), lambda: (self.here / "php.log").read_text())
        *_, acme, care, guest = self.do(*SETTLED)
        self.passwords = {"acme": acme, "care": care, "guest": guest}

    def stop(self) -> None:
        for process in reversed(self.processes):
            process.terminate()
            process.wait(20)

    def _put_files(self) -> None:
        for file in CODE.glob("*.php"):
            shutil.copy(file, self.here)
        for folder in ("wp-includes", "wp-admin"):
            (self.here / folder).symlink_to(CODE / folder)
        (self.here / "plugins").mkdir()
        names = {"here": self.here, "port": self.port, "code": CODE, "database": DATABASE}
        (self.here / "wp-config.php").write_text(CONFIGURATION.format(**names))
        (self.here / "plugins" / "tests.php").write_text(PLUGIN.format(**names))
        (self.here / "install.php").write_text(INSTALL.format(password=OWN_PASSWORD))
        (self.here / "back-door.php").write_text(BACK_DOOR)
        self.tell_time("2026-11-03 12:00:00")

    def _start_database(self) -> None:
        """It does not run as root; as whom it may is known to Debian's package."""
        data, socket = self.here / "data", self.here / "db.sock"
        data.mkdir()
        root = os.geteuid() == 0
        user = ["--user=mysql"] if root else []
        if root:
            shutil.chown(data, "mysql")
            self.here.chmod(0o777)
        where = ["--no-defaults", f"--datadir={data}", *user]
        quiet = ["--auth-root-authentication-method=normal", "--skip-test-db"]
        made = subprocess.run(["mariadb-install-db", *where, *quiet], capture_output=True)
        if made.returncode:
            raise RuntimeError((made.stdout + made.stderr).decode()[-2000:])
        small = ["--skip-networking", "--innodb-buffer-pool-size=32M", "--innodb-log-file-size=8M"]
        hasty = ["--innodb-flush-log-at-trx-commit=0", "--skip-log-bin", f"--socket={socket}"]
        self._run([_found("mariadbd"), *where, *small, *hasty], "db.log")
        until(socket.exists, lambda: (self.here / "db.log").read_text())
        create = f"CREATE DATABASE {DATABASE} CHARACTER SET utf8mb4"
        subprocess.run(["mariadb", "--no-defaults", f"--socket={socket}", "-e", create], check=True)

    def _run(self, command: Sequence[str], log: str) -> None:
        with (self.here / log).open("wb") as file:
            self.processes.append(subprocess.Popen(command, stdout=file, stderr=file, env=_calm()))


@contextmanager
def wordpress() -> Iterator[WordPress]:
    """Start WordPress in a folder of its own and end it again."""
    site = WordPress(Path(tempfile.mkdtemp(prefix="wordpress-", dir="/tmp")))
    try:
        site.start()
        yield site
    finally:
        site.stop()
        shutil.rmtree(site.here)


@cache
def running() -> WordPress:
    """Started once and ended with the tests."""
    stack = ExitStack()
    atexit.register(stack.close)
    return stack.enter_context(wordpress())


def missing() -> str:
    """Why WordPress can't run here; empty when it can."""
    lacking = [name for name in PROGRAMS if not _found(name)]
    if lacking or not (CODE / "wp-load.php").exists():
        return "WordPress is not installed (wordpress, php-cli, php-mysql, mariadb-server)."
    known = {entry.pw_name for entry in pwd.getpwall()}
    return "" if os.geteuid() or "mysql" in known else "There is no user to run MariaDB as."


def _found(program: str) -> str:
    return shutil.which(program, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin") or ""


def _calm() -> dict[str, str]:
    """With several workers PHP's server loses requests now and then."""
    return {k: v for k, v in os.environ.items() if k != "PHP_CLI_SERVER_WORKERS"}


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/?rest_route=/", timeout=10) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False
