"""Google Play: seven days, 350 characters, and all the ways in which a key can be wrong."""

import json
from collections.abc import Iterator
from datetime import timedelta

import pytest

from adapters import make
from adapters.googleplay import GooglePlay
from bot.domain.delivery import LockedOut, Refused, TryLater
from tests.adapters.google_server import error
from tests.adapters.place_googleplay import EMAIL, GooglePlayPlace, key
from tests.adapters.places import HISTORY, Clock
from tests.adapters.test_contract import answered, asked, begun, new, pages, read


@pytest.fixture
def place() -> Iterator[GooglePlayPlace]:
    with GooglePlayPlace() as place:
        yield place


def test_a_review_tells_its_stars_its_language_and_where_it_stands(place):
    mention = asked(place)

    assert (mention.rating, mention.language) == (2, "en-US")
    assert mention.url.startswith("https://play.google.com/store/apps/details?id=com.acme.kettle")
    assert mention.url.endswith(f"&reviewId={mention.key}")


def test_a_title_is_above_the_words_and_no_title_leaves_nothing(place):
    titled, plain = place.post("It leaks"), place.post("Fine")
    place.reviews[titled].more = {"text": "Oh no\tIt leaks"}

    texts = {m.key: m.text for m in new(place, None)}

    assert texts == {titled: "Oh no\n\nIt leaks", plain: "Fine"}


def test_words_are_read_as_they_were_written_and_not_translated(place):
    key = place.post("It leaks")
    place.reviews[key].more = {"originalText": "Es tropft", "reviewerLanguage": "de"}

    [mention] = new(place, None)

    assert (mention.text, mention.language) == ("Es tropft", "de")


def test_after_longer_than_a_store_looks_back_the_gap_is_told_with_its_bounds(place):
    cursor = begun(place)
    place.post("It leaks")
    place.pass_(minutes=8 * 24 * 60)
    seen = place.post("Fine")

    first, *_ = pages(place.adapter, cursor)

    assert first.gap == (
        "Google Play shows the reviews of the last 7 days only: what was written between"
        " 03 November 12:00 and 04 November 12:00 UTC is lost."
    )
    assert [m.key for m in first.mentions] == [seen]
    assert not place.adapter.fetch(first.cursor).gap


def test_who_looked_within_seven_days_has_missed_nothing(place):
    cursor = begun(place)
    place.pass_(minutes=7 * 24 * 60)

    assert not place.adapter.fetch(cursor).gap


def test_a_walk_whose_page_is_lost_begins_anew(place):
    cursor = begun(place)
    keys = {place.post(f"Message {number}") for number in range(130)}
    first = place.adapter.fetch(cursor)
    place.broken_token = True
    lost = place.adapter.fetch(first.cursor)
    place.broken_token = False

    found = {m.key for m in [*first.mentions, *new(place, lost.cursor)]}

    assert not lost.more, "or one would ask again and again"
    assert found >= keys


@pytest.mark.parametrize("text", ["Press <b>Reset</b>", "</a>", "<!-- x -->", "<script src=x>"])
def test_what_google_would_leave_out_of_an_answer_is_refused_before_any_call(place, text):
    with pytest.raises(Refused, match="leaves out what looks like HTML"):
        answered(place, asked(place), text)

    assert place.calls() == 0


@pytest.mark.parametrize("text", ["a < b > c", "I <3 you", "x->y", "1<2 and 3>2"])
def test_what_does_not_look_like_html_goes_out_as_it_is(place, text):
    answered(place, asked(place), text)

    assert place.answers() == [text]


def test_a_review_that_is_gone_is_not_answered(place):
    mention = asked(place)
    place.delete(mention.key)

    with pytest.raises(Refused, match="The review is gone"):
        answered(place, mention)


def test_what_the_api_says_of_an_answer_is_told(place):
    mention = asked(place)
    place.refuses["reviews.reply"] = error(400, "invalid", "Reply contains a forbidden word.")

    with pytest.raises(Refused, match=r"would not publish it: Reply contains a forbidden word\."):
        answered(place, mention)


@pytest.mark.parametrize("reason", ["quotaExceeded", "dailyLimitExceeded"])
def test_used_up_requests_are_waited_for(place, reason):
    place.refuses["reviews.list"] = error(403, reason, "Quota exceeded")

    with pytest.raises(TryLater) as later:
        place.adapter.fetch(None)

    assert later.value.after == timedelta(hours=1)
    assert later.value.surely_not_done


def test_one_look_is_one_request_and_an_answer_as_well(place):
    mention = asked(place)
    place.called.clear()

    place.adapter.fetch(read(place.adapter, None)[1])
    assert place.called == ["reviews.list"] * 2
    place.called.clear()
    answered(place, mention)

    assert place.called == ["reviews.reply"]


def locked(place, **settings) -> str:
    with pytest.raises(LockedOut) as locked:
        place.restarted(**settings).check()
    return str(locked.value)


def test_check_tells_whose_key_it_is(place):
    assert place.adapter.check() == f"Google Play, reviews of com.acme.kettle, as {EMAIL}"


def test_a_key_that_was_deleted_is_told_from_an_account_that_was(place):
    replaced = place.credentials(private_key=key(1))
    stranger = place.credentials(client_email="gone@acme-1.iam.gserviceaccount.com")

    assert "does not know this key any more" in locked(place, PLAY_CREDENTIALS=replaced)
    assert "There is no service account gone@" in locked(place, PLAY_CREDENTIALS=stranger)
    assert locked(place, PLAY_CREDENTIALS=stranger).endswith("look at PLAY_CREDENTIALS.")


def test_a_clock_that_is_wrong_is_thought_of(place):
    wrong = Clock(place.clock() - timedelta(hours=3))
    environment = {
        "PLAY_PACKAGE": "com.acme.kettle",
        "PLAY_CREDENTIALS": place.credentials(),
        "PLAY_API_URL": place.url,
    }

    with pytest.raises(LockedOut, match="this machine's clock is wrong"):
        make("googleplay", GooglePlay, environment, wrong, HISTORY).check()


def test_another_app_is_told_from_an_app_that_we_may_not_see(place):
    assert locked(place, PLAY_PACKAGE="com.acme.pot") == (
        "Google Play knows no app com.acme.pot. Look at PLAY_PACKAGE."
    )
    place.refuses["reviews.list"] = error(403, "permissionDenied", "The caller has no permission")

    assert f"does not let {EMAIL} see or answer reviews" in locked(place)
    assert "Users and permissions" in locked(place)


def test_an_api_that_is_not_switched_on_is_told(place):
    place.refuses["reviews.list"] = error(403, "accessNotConfigured", "Not been used in project 7")

    assert "has not switched on androidpublisher" in locked(place)


@pytest.mark.parametrize(
    ("credentials", "why"),
    [
        ("AIzaSyA-a-key-of-another-kind", "must be the whole JSON"),
        ("[]", "must be the whole JSON"),
        ("/home/me/key.json", "must be the whole JSON"),
        ('{"installed": {"client_id": "x"}}', "is no key of a service account"),
        ('{"type": "authorized_user"}', "is no key of a service account"),
        ('{"type": "service_account"}', "is damaged"),
        ('{"type": "service_account", "client_email": "a", "private_key": "b"}', "is damaged"),
    ],
)
def test_credentials_that_are_none_are_told_before_any_call(place, credentials, why):
    with pytest.raises(ValueError, match=why) as wrong:
        place.restarted(PLAY_CREDENTIALS=credentials)

    assert "PLAY_CREDENTIALS" in str(wrong.value)
    assert "AIza" not in str(wrong.value)


def test_a_signature_is_sent_only_where_nobody_listens(place):
    with pytest.raises(ValueError, match="token_uri in PLAY_CREDENTIALS must begin with https"):
        place.restarted(PLAY_CREDENTIALS=place.credentials(token_uri="http://example.com/token"))


def test_a_package_is_not_the_app_s_name(place):
    with pytest.raises(ValueError, match=r"PLAY_PACKAGE must look like com\.example\.app\."):
        place.restarted(PLAY_PACKAGE="Acme Kettle")


def test_an_item_that_can_t_be_read_is_kept_as_it_came(place):
    place.spoil()

    [item] = place.adapter.fetch(None).unreadable

    assert item.key == "gp:odd"
    assert json.loads(item.raw.replace("'", '"'))["authorName"] == "x"
