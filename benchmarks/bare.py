"""The bare stack: bolt with a listener that does nothing; with a database, all that we stand on."""

import re
import sys
import threading

from slack_bolt import App
from slack_bolt.adapter.socket_mode import SocketModeHandler
from slack_bolt.authorization import AuthorizeResult
from slack_sdk import WebClient


def main(api: str, bot_token: str, app_token: str, database: str = "") -> None:
    """Hear clicks until the end of the world."""
    if database:
        _stack(database)
    app = App(
        client=WebClient(token=bot_token, base_url=api),
        authorize=lambda: AuthorizeResult(enterprise_id=None, team_id=None),
    )
    app.action(re.compile(""))(lambda ack: ack())
    SocketModeHandler(app, app_token).connect()
    threading.Event().wait()


def _stack(database: str) -> None:
    """SQLAlchemy with one connection, and a running APScheduler."""
    from apscheduler.schedulers.background import BackgroundScheduler
    from sqlalchemy import create_engine, text

    engine = create_engine(database)
    with engine.connect() as db:
        db.execute(text("SELECT 1"))
    scheduler = BackgroundScheduler()
    scheduler.add_job(lambda: None, "interval", seconds=1)
    scheduler.start()


if __name__ == "__main__":
    main(*sys.argv[1:])
