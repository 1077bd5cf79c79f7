"""APScheduler with a date job for every deadline, out of a store in a database."""

import json
import sys
import threading
from datetime import UTC, datetime, timedelta
from time import perf_counter

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.jobstores.sqlalchemy import SQLAlchemyJobStore
from apscheduler.schedulers.background import BackgroundScheduler

DONE = threading.Semaphore(0)


def nag(_number: int) -> None:
    """The work that is done when a deadline passes: none."""
    DONE.release()


def main(url: str, many: int) -> None:
    scheduler = BackgroundScheduler(
        timezone=UTC,
        jobstores={"default": SQLAlchemyJobStore(url=url)},
        executors={"default": ThreadPoolExecutor(10)},
        job_defaults={"misfire_grace_time": None},
    )
    scheduler.start(paused=True)
    due = datetime.now(UTC) - timedelta(seconds=1)
    for number in range(many):
        scheduler.add_job(nag, "date", run_date=due, args=[number], id=str(number))
    start = perf_counter()
    scheduler.resume()
    for _ in range(many):
        DONE.acquire()
    while scheduler.get_jobs():
        pass
    print(json.dumps({"jobs_sweep": [(perf_counter() - start) * 1000 / many]}))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
    sys.stdout.flush()
