"""The line to Google's APIs: nothing is repeated, every refusal has a meaning, tokens are kept."""

import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from threading import Thread

import pytest

from adapters.google import Declined
from bot.domain.delivery import LockedOut, TryLater
from tests.adapters.google_server import dumped, error
from tests.adapters.place_googleplay import GooglePlayPlace
from tests.adapters.place_youtube import YouTubePlace

HEAVY = ("googleapiclient", "httplib2", "google", "jwt", "cryptography")


@pytest.fixture
def place() -> Iterator[GooglePlayPlace]:
    with GooglePlayPlace() as place:
        yield place


def refused(place, said) -> Exception:
    place.refuses["reviews.list"] = said
    with pytest.raises((LockedOut, TryLater, Declined)) as problem:
        place.adapter._listed(place.adapter.line.visit())
    return problem.value


@pytest.mark.parametrize("status", [500, 502, 503])
def test_an_outage_is_not_answered_by_asking_again(place, status):
    with pytest.raises(TryLater):
        raise refused(place, (status, {}, b"{}"))

    assert place.called == ["reviews.list"]


@pytest.mark.parametrize("status", [500, 503])
def test_nor_is_one_of_the_server_that_gives_tokens(place, status):
    tries = []
    place.granted = lambda form: tries.append(form) or (status, {}, b"{}")

    with pytest.raises(TryLater) as later:
        place.adapter.fetch(None)

    assert len(tries) == 1
    assert later.value.surely_not_done, "without a token nothing was asked for"


@pytest.mark.parametrize("body", [b"", b"[]", b'"x"', b"{}", b'{"error": ["x"]}', b"<html>"])
def test_a_token_server_that_talks_nonsense_is_tried_later(place, body):
    place.granted = lambda form: (200, {}, body)

    with pytest.raises((TryLater, LockedOut)):
        place.adapter.fetch(None)


@pytest.mark.parametrize("reason", ["rateLimitExceeded", "userRateLimitExceeded"])
def test_a_rate_limit_surely_did_nothing(place, reason):
    problem = refused(place, error(403, reason, "Too fast"))

    assert isinstance(problem, TryLater)
    assert (problem.surely_not_done, problem.after) == (True, timedelta(minutes=15))


def test_a_newer_kind_of_error_names_its_reason_elsewhere(place):
    details = [{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "SERVICE_DISABLED"}]
    told = {"error": {"code": 403, "message": "x", "status": "FAILED", "details": details}}

    problem = refused(place, (403, {}, dumped(told)))

    assert isinstance(problem, LockedOut)
    assert "has not switched on" in str(problem)


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"null", b'{"error": 7}', b"<html>", b'{"error": {}}']
)
def test_a_refusal_that_google_did_not_write_is_an_outage(place, body):
    assert isinstance(refused(place, (403, {}, body)), TryLater)


@pytest.mark.parametrize("body", [b"", b"[]", b"7", b"{", b"\xff", b"[" * 100_000])
def test_an_answer_that_makes_no_sense_is_tried_again(place, body):
    place.refuses["reviews.list"] = (200, {}, body)

    if body:
        with pytest.raises(TryLater, match="makes no sense"):
            place.adapter.fetch(None)
    else:
        assert not place.adapter.fetch(None).mentions


def test_a_token_is_used_until_shortly_before_its_end(place):
    place.adapter.fetch(None)
    place.pass_(minutes=57)
    place.adapter.fetch(None)
    assert len(place.tokens) == 1
    place.pass_(minutes=2)
    place.adapter.fetch(None)

    assert len(place.tokens) == 2


def test_a_token_that_is_not_accepted_is_forgotten(place):
    place.adapter.fetch(None)
    place.tokens = {"another"}

    with pytest.raises(LockedOut, match=r"does not accept our token\. Look at PLAY_CREDENTIALS\."):
        place.adapter.fetch(None)

    assert place.adapter.fetch(None) is not None


def test_several_threads_share_a_token_and_do_not_mix_up_their_answers(place):
    keys = {place.post(f"Message {number}") for number in range(5)}
    found = []

    def look() -> None:
        found.append({mention.key for mention in place.adapter.fetch(None).mentions})

    threads = [Thread(target=look) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert found == [keys] * 8
    assert len(place.tokens) == 1


def test_the_stand_in_refuses_what_the_description_does_not_know(place):
    service = place.adapter.line.service
    with pytest.raises(TypeError, match="unexpected keyword"):
        service.reviews().list(packageName="a", colour="red")

    place.adapter.fetch(None)
    token = next(iter(place.tokens))
    path = "/androidpublisher/v3/applications/com.acme.kettle/reviews?colour=red"
    said = place.answer(path, {"authorization": f"Bearer {token}"})

    assert said[0] == 400


def test_no_secret_is_in_what_is_shown_of_it(place):
    with YouTubePlace() as youtube:
        youtube.adapter.fetch(None)
        place.adapter.fetch(None)
        shown = repr([vars(place.adapter), place.adapter.line.tokens, vars(youtube.adapter)])
        shown += repr(youtube.adapter.channel.line.tokens)

    for secret in ("PRIVATE KEY", "1//refresh", "GOCSPX", "token-0"):
        assert secret not in shown


def test_a_worker_that_names_none_of_it_loads_none_of_it():
    asked = f"import bot.app, sys; print([m for m in {HEAVY} if m in sys.modules])"

    done = subprocess.run([sys.executable, "-c", asked], capture_output=True, check=True)

    assert done.stdout.decode().strip() in ("[]", "['cryptography']")
