"""Webhooks of anything: what is documented is what is read; who may bring it; where answers go."""

import base64
import hashlib
import hmac
import json
import re
import shutil
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from functools import partial
from tempfile import NamedTemporaryFile
from urllib.parse import urlencode

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters import Forged, make, signed
from adapters.webhook import Webhook
from adapters.webhook.formats import loaded, parsed
from adapters.webhook.mentions import moment
from adapters.webhook.paths import Around, Template
from adapters.webhook.paths import Path as Way
from bot import logs
from bot.domain.delivery import LockedOut, Refused, TryLater
from bot.domain.mention import Origin
from bot.domain.reply import Attachment
from tests.adapters.place_webhook import WebhookPlace
from tests.adapters.places import HISTORY, NOON, Clock
from tests.adapters.pushed import Front
from tests.adapters.webhook_examples import (
    A_CALL,
    CALL,
    EXAMPLES,
    OCTOLENS,
    SCHEMA,
    TALLY,
    TRUSTPILOT,
    TYPEFORM,
    blocks,
    section,
)
from tests.adapters.webhook_server import SECRET, signature
from tests.hostile.target import Source
from tests.processes import ROOT

OLD = "whsec_" + base64.b64encode(b"an older one, of 32 bytes at all").decode()
TOKEN = "a-token-that-nobody-guesses"
ADDRESS = "https://acme.example/hooks/webhook"
FORMATS = ("standard", "octolens", "trustpilot", "tally", "typeform", "twilio", "calls")


def webhook(clock=lambda: NOON, name="webhook", **settings):
    return make(name, Webhook, {"WEBHOOK_SECRET": SECRET, **settings}, clock, HISTORY)


def of(format, **settings):
    given = {"WEBHOOK_FORMAT": format, "WEBHOOK_SECRET": TOKEN, "WEBHOOK_ADDRESS": ADDRESS}
    return webhook(**{**given, **settings})


def understood(adapter, told):
    return adapter.understand(told if isinstance(told, bytes) else json.dumps(told).encode())


def mention(adapter, told):
    news = understood(adapter, told)
    assert not news.unreadable
    [read] = news.mentions
    return read


def problem(told):
    """What is said of the one thing that can't be read."""
    news = understood(webhook(), {**EXAMPLES[0], **told})
    [item] = news.unreadable
    assert not news.mentions
    return item.problem


def checked():
    known = jsonschema.FormatChecker(formats=())
    known.checks("date-time", raises=ValueError)(
        lambda value: not isinstance(value, str) or bool(moment(value))
    )
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    return jsonschema.Draft202012Validator(SCHEMA, format_checker=known)


# The JSON


def test_every_documented_example_is_what_the_schema_says_and_is_understood():
    assert len(EXAMPLES) == 3
    for example in EXAMPLES:
        checked().validate(example)
        assert not understood(webhook(), example).unreadable


def test_all_that_there_can_be_arrives():
    read = mention(webhook(), EXAMPLES[1])

    assert (read.key, read.thread, read.parent) == ("r-2", "r-1", "r-1")
    assert (read.subject, read.rating, read.language) == ("Kettle, 1.7 l", 2, "en")
    assert read.media == ("https://shop.example/pictures/r-2.jpg",)
    assert read.posted_at == datetime(2026, 11, 3, 11, 5, tzinfo=UTC)
    assert read.reply_by == datetime(2026, 12, 3, 11, 5, tzinfo=UTC)
    who = read.customer
    assert (who.key, who.handle, who.name) == ("c-0815", "@mira", "Mira Vale")
    assert (who.followers, who.verified, who.place) == (1200, True, "Leeds")
    assert (who.speaks, who.website) == ("en-GB", "https://mira.example")
    assert who.since == datetime(2019, 4, 1, tzinfo=UTC)


def test_the_page_and_the_schema_name_the_same_fields():
    said = " ".join(re.findall(r"^\| (`.*?) \|", section("The JSON"), re.MULTILINE))
    named = set(re.findall(r"[\w.]+", said))
    mentions, authors = (SCHEMA["$defs"][name]["properties"] for name in ("mention", "author"))

    assert named - {"mentions"} >= set(mentions)
    assert {each.removeprefix("author.").removeprefix(".") for each in named} >= set(authors)
    assert set(EXAMPLES[1]) == set(mentions)
    assert set(EXAMPLES[1]["author"]) == set(authors)


@given(st.binary(max_size=60), st.sampled_from(EXAMPLES))
def test_what_the_schema_accepts_is_understood_and_what_it_refuses_is_set_aside(raw, example):
    body = json.dumps(Source(raw).spoiled(example)).encode()
    told = json.loads(body)

    try:
        news = understood(webhook(), body)
        fine = not news.unreadable
    except ValueError:
        news, fine = None, False

    assert checked().is_valid(told) is fine, told
    for read in news.mentions if news else ():
        assert read.storable().key


@given(
    st.fixed_dictionaries(
        {
            "id": st.text(min_size=1, max_size=400),
            "text": st.text(),
            "posted_at": st.datetimes(
                NOON.replace(year=1971, tzinfo=None),
                NOON.replace(year=2099, tzinfo=None),
                timezones=st.just(UTC),
            ).map(datetime.isoformat),
            "author": st.fixed_dictionaries({"name": st.text(min_size=1, max_size=400)}),
        },
        optional={
            "rating": st.none() | st.integers(1, 5),
            "public": st.none() | st.booleans(),
            "thread": st.none() | st.text(max_size=400),
            "subject": st.text(),
        },
    )
)
def test_whatever_follows_the_schema_becomes_a_mention_with_its_words(told):
    checked().validate(told)

    read = mention(webhook(), told)

    assert (read.key, read.text, read.rating) == (told["id"], told["text"], told.get("rating"))
    assert read.public is (told.get("public") is not False)
    assert read.posted_at <= NOON


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ({"id": None}, "id is missing."),
        ({"id": ""}, "id is empty."),
        ({"id": "x" * 401}, "id has more than 400 characters."),
        ({"text": 5}, "text must be a text."),
        ({"posted_at": "2026-11-03 12:00"}, "posted_at must be a time with its offset"),
        ({"posted_at": "2026-02-30T12:00:00Z"}, "posted_at must be a time with its offset"),
        ({"author": None}, "author is missing."),
        ({"author": "mira"}, "author must be an object."),
        ({"author": {"id": ""}}, "author has neither id nor handle nor name."),
        ({"author": {"id": "1", "followers": -1}}, "author.followers must be from 0 to"),
        ({"author": {"id": "1", "verified": "yes"}}, "author.verified must be true or false."),
        ({"url": "javascript:alert(1)"}, "url must be an address that begins with https://"),
        ({"rating": 6}, "rating must be from 1 to 5."),
        ({"rating": 4.5}, "rating must be a whole number."),
        ({"media": ["http://a.example/b"]}, "media has something that is no https:// address."),
        ({"media": ["https://a.example/b"] * 21}, "media must be a list of at most 20 addresses."),
        ({"language": "x" * 36}, "language has more than 35 characters."),
        ({"deleted": "true"}, "deleted must be true or false."),
    ],
)
def test_what_is_wrong_is_said_by_the_name_of_the_field(told, said):
    assert problem(told).startswith(said)


def test_a_number_with_a_point_is_not_counted_up_to():
    author = {"name": "Mira", "followers": 9e9}
    begun = time.thread_time()

    assert mention(webhook(), {**EXAMPLES[0], "author": author}).customer.followers == 9 * 10**9
    assert time.thread_time() - begun < 1


def test_one_that_is_wrong_does_not_stop_the_others():
    told = {"mentions": [EXAMPLES[0], {"id": "bad"}, 5, {"id": "r-0", "deleted": True}]}

    news = understood(webhook(), told)

    assert [read.key for read in news.mentions] == ["r-1"]
    bad, _ = news.unreadable
    assert bad.key == "bad"
    assert news.gone == ["r-0"]


@pytest.mark.parametrize(
    "body", [b"", b"\xff", b"{", b"[" * 50_000, b"9" * 5000, b'{"mentions":{}}']
)
def test_what_makes_no_sense_at_all_is_an_error_for_the_whole(body):
    with pytest.raises((ValueError, RecursionError)):
        webhook().understand(body)


def test_more_than_a_thousand_at_once_are_too_many():
    with pytest.raises(ValueError, match="1000"):
        understood(webhook(), {"mentions": [EXAMPLES[0]] * 1001})


def test_an_edit_has_another_revision_and_the_same_words_have_the_same():
    once, again = mention(webhook(), EXAMPLES[0]), mention(webhook(), EXAMPLES[0])
    edited = mention(webhook(), {**EXAMPLES[0], "text": "It leaks no more."})
    starred = mention(webhook(), {**EXAMPLES[0], "rating": 5})

    assert once.revision == again.revision
    assert len({once.revision, edited.revision, starred.revision}) == 3


def test_what_is_ours_and_what_no_person_wrote_is_told_apart():
    told = [{**EXAMPLES[0], **more} for more in ({"from_us": True}, {"automated": True}, {})]

    origins = [mention(webhook(), each).origin for each in told]

    assert origins == [Origin.OWN, Origin.AUTOMATED, Origin.CUSTOMER]


def test_a_post_from_the_future_counts_as_now():
    assert (
        mention(webhook(), {**EXAMPLES[0], "posted_at": "2099-01-01T00:00:00Z"}).posted_at == NOON
    )


def test_two_accounts_do_not_take_their_customers_for_each_other():
    one = mention(webhook(), EXAMPLES[0])
    other = webhook(name="webhook:press", WEBHOOK_PRESS_SECRET=SECRET)

    assert mention(other, EXAMPLES[0]).customer.key == "press:Mira Vale"
    assert one.customer.key == "Mira Vale"
    assert mention(other, EXAMPLES[0]).customer.platform == "webhook"


# Who may bring one


def test_the_vector_of_the_specification_is_ours():
    """https://github.com/standard-webhooks/standard-webhooks: libraries/python/tests"""
    id, at = "msg_p5jXN8AQM9LWM0D4loKWxJek", datetime.fromtimestamp(1614265330, UTC)
    body, said = b'{"test": 2432232314}', "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="

    made = signed.standard([signed.secret(SECRET)], id, body, at)

    assert made["webhook-signature"] == said
    assert webhook(lambda: at).vouch(made, {}, body) == id
    for changed in (b'{"test": 2432232315}', b""):
        with pytest.raises(Forged, match="signature"):
            webhook(lambda: at).vouch(made, {}, changed)


def standard(body=b"{}", secret=SECRET, at=NOON, id="msg_1"):
    sent = str(int(at.timestamp()))
    return {
        "webhook-id": id,
        "webhook-timestamp": sent,
        "webhook-signature": signature(secret, id, sent, body),
    }


@pytest.mark.parametrize("minutes", [-4.9, 0, 4.9])
def test_a_clock_may_be_five_minutes_off(minutes):
    assert webhook().vouch(standard(at=NOON + timedelta(minutes=minutes)), {}, b"{}") == "msg_1"


@pytest.mark.parametrize("minutes", [-5.1, 5.1])
def test_what_was_sent_long_ago_is_turned_away(minutes):
    with pytest.raises(Forged, match="five minutes"):
        webhook().vouch(standard(at=NOON + timedelta(minutes=minutes)), {}, b"{}")


@pytest.mark.parametrize("between", [",", " ", " , "])
def test_while_a_secret_takes_the_place_of_another_both_are_known(between):
    both = webhook(WEBHOOK_SECRET=f"{SECRET}{between}{OLD}")

    assert both.vouch(standard(secret=OLD), {}, b"{}") == "msg_1"
    assert both.vouch(standard(), {}, b"{}") == "msg_1"
    assert "2 secrets" in both.check()
    with pytest.raises(Forged):
        webhook().vouch(standard(secret=OLD), {}, b"{}")


@pytest.mark.parametrize("missing", ["webhook-id", "webhook-timestamp", "webhook-signature"])
def test_each_of_the_three_headers_is_needed(missing):
    with pytest.raises(Forged, match="must all be there"):
        webhook().vouch({**standard(), missing: ""}, {}, b"{}")


def test_the_key_of_a_message_is_part_of_what_is_signed():
    with pytest.raises(Forged):
        webhook().vouch({**standard(), "webhook-id": "msg_2"}, {}, b"{}")


@pytest.mark.parametrize("id", ["msg 1", "m\xfcg", "\udcff", "\0", "x" * 256])
def test_an_id_that_no_database_keeps_is_turned_away_whoever_signed_it(id):
    headers = {**standard(), "webhook-id": id}

    with pytest.raises(Forged, match="webhook-id"):
        webhook().vouch(headers, {}, b"{}")


def hmac64(body, secret=TOKEN):
    return base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest()).decode()


@pytest.mark.parametrize(
    ("format", "headers", "query"),
    [
        ("octolens", {}, {"token": TOKEN}),
        ("trustpilot", {}, {"token": TOKEN}),
        ("tally", {"tally-signature": hmac64(b"{}")}, {}),
        ("typeform", {"typeform-signature": f"sha256={hmac64(b'{}')}"}, {}),
    ],
)
def test_each_service_proves_itself_its_own_way(format, headers, query):
    here = of(format)

    assert here.vouch(headers, query, b"{}") == signed.digest(b"{}")
    for wrong in ({}, {"token": TOKEN + "x"}, {"token": ""}):
        with pytest.raises(Forged):
            here.vouch(dict.fromkeys(headers, "x"), wrong, b"{}")
        with pytest.raises(Forged):
            here.vouch({}, wrong, b"{}")


def test_a_name_and_a_password():
    here = of_file('[signed]\nby = "basic"', WEBHOOK_SECRET="trustpilot:a-password")
    said = "Basic " + base64.b64encode(b"trustpilot:a-password").decode()

    assert here.vouch({"authorization": said}, {}, b"{}")
    with pytest.raises(Forged):
        here.vouch({"authorization": said[:-4]}, {}, b"{}")


def test_a_token_in_a_header():
    here = of_file('[signed]\nby = "token"\nheader = "X-Token"', WEBHOOK_SECRET=TOKEN)

    assert here.vouch({"x-token": TOKEN}, {}, b"{}")
    with pytest.raises(Forged):
        here.vouch({}, {"X-Token": TOKEN}, b"{}")


def of_file(text, **settings):
    with NamedTemporaryFile("w", suffix=".toml") as file:
        file.write(text)
        file.flush()
        return webhook(WEBHOOK_FORMAT=file.name, **settings)


def by_twilio(form, secret=TOKEN, address=ADDRESS):
    whole = address + "".join(name + form[name] for name in sorted(form))
    return base64.b64encode(
        hmac.new(secret.encode(), whole.encode(), hashlib.sha1).digest()
    ).decode()


def test_twilio_signs_the_address_and_the_form():
    here, body = of("twilio"), urlencode(CALL).encode()

    assert here.vouch({"x-twilio-signature": by_twilio(CALL)}, {}, body)
    for said in ("", by_twilio(CALL, address=ADDRESS + "/"), by_twilio({**CALL, "From": "+1"})):
        with pytest.raises(Forged):
            here.vouch({"x-twilio-signature": said}, {}, body)


def test_a_form_without_end_is_not_read():
    with pytest.raises(Forged, match="1000 fields"):
        of("twilio").vouch({"x-twilio-signature": "x"}, {}, b"a&" * 2000)


def test_the_vector_that_twilio_documents_is_ours():
    """https://www.twilio.com/docs/usage/security"""
    form = {
        "CallSid": "CA1234567890ABCDE",
        "Caller": "+14158675309",
        "Digits": "1234",
        "From": "+14158675309",
        "To": "+18005551212",
    }
    address = "https://mycompany.com/myapp.php?foo=1&bar=2"

    signed.by_twilio([b"12345"], address, list(form.items()), "RSOYDt4T1cUTdK1PDd93/VVr8B8=")


def test_neither_tokens_nor_addresses_with_tokens_are_logged(capfd):
    logs.begin("DEBUG")
    adapter = of("octolens")
    with Front(adapter, "webhook", Clock()) as front:
        assert front.bring(b"{}", {}, token=TOKEN) == 200
        assert front.bring(b"{}", {}, token="another-token-of-a-stranger") == 401

    printed = "".join(capfd.readouterr())
    assert "webhook.kept" in printed
    assert "webhook.forged" in printed
    assert TOKEN not in printed
    assert "another-token" not in printed
    assert TOKEN not in repr(vars(adapter)["format"])


# Settings


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"WEBHOOK_SECRET": "whsec_c2hvcnQ="}, "WEBHOOK_SECRET must be 24 to 64 bytes"),
        ({"WEBHOOK_SECRET": " , "}, "WEBHOOK_SECRET has no secret in it."),
        ({"WEBHOOK_FORMAT": "octopus"}, "WEBHOOK_FORMAT is “octopus”: neither a file nor one of"),
        (
            {"WEBHOOK_FORMAT": "octolens", "WEBHOOK_SECRET": "short"},
            "WEBHOOK_SECRET must have 16 characters or more.",
        ),
        (
            {"WEBHOOK_FORMAT": "twilio", "WEBHOOK_SECRET": TOKEN},
            "WEBHOOK_ADDRESS must be the address that the service calls.",
        ),
        (
            {"WEBHOOK_REPLY_URL": "http://shop.example/answers"},
            "WEBHOOK_REPLY_URL must begin with https://.",
        ),
        (
            {"WEBHOOK_FORMAT": "tally", "WEBHOOK_SECRET": TOKEN, "WEBHOOK_REPLY_URL": ADDRESS},
            "WEBHOOK_REPLY_SECRET must be set",
        ),
        (
            {"WEBHOOK_REPLY_URL": ADDRESS, "WEBHOOK_REPLY_SECRET": TOKEN},
            "WEBHOOK_REPLY_SECRET must be 24 to 64 bytes",
        ),
        (
            {"WEBHOOK_REPLY_URL": ADDRESS, "WEBHOOK_REPLY_LIMIT": "0"},
            "WEBHOOK_REPLY_LIMIT must be a number",
        ),
    ],
)
def test_a_wrong_setting_is_named_and_no_secret_is_repeated(settings, said):
    with pytest.raises(ValueError, match=re.escape(said)) as wrong:
        webhook(**settings)

    assert str(wrong.value).endswith(".")
    assert TOKEN not in str(wrong.value)


def test_a_second_account_has_settings_of_its_own():
    with pytest.raises(ValueError, match="WEBHOOK_PRESS_SECRET"):
        webhook(name="webhook:press", WEBHOOK_PRESS_SECRET="whsec_")


@pytest.mark.parametrize("format", FORMATS)
def test_check_tells_what_is_taken_how_it_is_proven_and_where_answers_go(format):
    given = {"WEBHOOK_FORMAT": format, "WEBHOOK_ADDRESS": ADDRESS, "WEBHOOK_SECRET": SECRET}
    heard = webhook(**given)
    answered = webhook(
        **given, WEBHOOK_REPLY_URL="https://shop.example/s3cr3t", WEBHOOK_REPLY_SECRET=OLD
    )

    assert loaded(format).about in heard.check()
    assert heard.check().endswith("heard only")
    assert answered.check().endswith("answers go to shop.example")
    assert "s3cr3t" not in answered.check() + repr(answered.callback)


# Answers


@pytest.fixture
def place():
    with WebhookPlace() as place:
        yield place


def asked(place, **more):
    place.post("Where is it?", **more)
    return place.adapter.fetch(None).mentions[-1]


def reply(place, mention, key="V1:1", **more):
    return place.adapter.reply(mention, "On its way.", key=key, again=False, **more)


def test_an_answer_is_brought_as_documented(place):
    [documented] = map(json.loads, blocks(section("Answers"), "json"))
    told = {**EXAMPLES[1], "reply_by": None}
    place.bring(told)
    [read] = place.adapter.fetch(None).mentions

    place.adapter.reply(
        read,
        documented["text"],
        key=documented["id"],
        again=False,
        files=[Attachment("label.png", "image/png", b"\x89PNG\r\n\x1a\n")],
    )

    [(headers, body)] = place.sender.requests
    assert json.loads(body) == documented
    assert headers["webhook-id"] == documented["id"]


def test_the_same_bytes_with_the_same_id_are_brought_at_each_attempt(place):
    read = asked(place)
    place.sender.says = (500, {}, b"")
    for _ in range(2):
        with pytest.raises(TryLater):
            reply(place, read)

    [(first, one), (second, other)] = place.sender.requests
    assert one == other
    assert first["webhook-id"] == second["webhook-id"] == "V1:1"


@pytest.mark.parametrize(
    "body", [b"", b"null", b"[]", b'{"id": 5, "url": "javascript:x"}', b"\xff"]
)
def test_what_the_answer_is_called_is_optional(place, body):
    place.sender.says = (200, {}, body)

    sent = reply(place, asked(place))

    assert (sent.key, sent.url) == ("V1:1", None)


@pytest.mark.parametrize(
    ("status", "headers", "body", "error", "said"),
    [
        (400, {}, b'{"error": "It is closed."}', Refused, "It is closed."),
        (404, {}, b'{"message": "No such review."}', Refused, "No such review."),
        (422, {}, b"It is too rude.", Refused, "It is too rude."),
        (422, {}, b"x" * 5000, Refused, "x" * 299 + "…"),
        (404, {}, b"<html>nginx</html>", Refused, "127.0.0.1 refused the answer (404)."),
        (401, {}, b"", LockedOut, "Look at WEBHOOK_SECRET."),
        (403, {}, b"", LockedOut, "Look at WEBHOOK_SECRET."),
        (
            302,
            {"Location": "http://169.254.169.254/"},
            b"",
            LockedOut,
            "Look at WEBHOOK_REPLY_URL.",
        ),
        (308, {}, b"", LockedOut, "Look at WEBHOOK_REPLY_URL."),
        (429, {"Retry-After": "60"}, b"", TryLater, "wants us to wait"),
        (500, {}, b"", TryLater, "has a problem of its own"),
        (503, {"Retry-After": "60"}, b"", TryLater, "has a problem of its own"),
    ],
)
def test_what_each_status_means(place, status, headers, body, error, said):
    read = asked(place)
    place.sender.says = (status, headers, body)

    with pytest.raises(error) as told:
        reply(place, read)

    assert said in str(told.value)
    assert place.calls() == 1
    if error is TryLater:
        waits = timedelta(seconds=60) if headers else None
        assert (told.value.surely_not_done, told.value.after) == (status == 429, waits)


def test_where_nobody_listens_nothing_can_have_happened(place):
    read = asked(place)
    place.sender.server.shutdown()
    place.sender.server.server_close()

    with pytest.raises(TryLater) as told:
        reply(place, read)

    assert told.value.surely_not_done
    assert "/answers" not in f"{told.value!r}{told.value.__cause__!r}"


def test_nobody_is_waited_for_longer_than_is_promised(place, monkeypatch):
    monkeypatch.setattr("adapters.webhook.callback.PATIENCE", 0.2)
    read = asked(place)
    place.sender.take = partial(_slowly, place.sender.take)

    with pytest.raises(TryLater) as told:
        reply(place, read)

    assert not told.value.surely_not_done


def _slowly(take, *what):
    time.sleep(0.6)
    return take(*what)


def test_during_a_change_of_secrets_answers_are_signed_by_both(place):
    read = asked(place)
    place.sender.secret = OLD
    both = webhook(
        place.clock, WEBHOOK_SECRET=f"{SECRET} {OLD}", WEBHOOK_REPLY_URL=place.sender.url
    )

    assert both.reply(read, "Yes.", key="k", again=False).key == "answer-k"


def test_answers_may_have_a_secret_of_their_own(place):
    read = asked(place)
    place.sender.secret = OLD
    url = place.sender.url
    own = webhook(place.clock, WEBHOOK_REPLY_URL=url, WEBHOOK_REPLY_SECRET=OLD)

    assert own.reply(read, "Yes.", key="k", again=False).key == "answer-k"
    place.sender.secret = SECRET
    with pytest.raises(LockedOut, match="WEBHOOK_REPLY_SECRET"):
        own.reply(read, "Yes.", key="k2", again=False)


def test_what_says_that_it_can_t_be_answered_is_not(place):
    with pytest.raises(Refused, match=r"Call them\."):
        reply(place, asked(place, no_reply="Call them."))
    assert place.calls() == 0


def test_when_the_time_to_answer_is_over_nothing_is_brought(place):
    read = asked(place, reply_by=(place.clock() + timedelta(minutes=1)).isoformat())
    place.pass_(minutes=2)

    with pytest.raises(Refused, match="over"):
        reply(place, read)
    assert place.calls() == 0


# Services


def test_octolens():
    read = mention(of("octolens"), OCTOLENS)

    assert read.key == read.url == OCTOLENS["data"]["url"]
    assert read.text == "Is Acme any good?\n\nMy kettle leaks."
    assert read.media == ("https://i.redd.it/kettle.jpg",)
    assert read.customer.handle == "mira"
    assert read.no_reply.endswith("Open it there to answer.")


@pytest.mark.parametrize("nothing", [None, ""])
def test_octolens_without_what_is_optional(nothing):
    data = {**OCTOLENS["data"], "title": nothing, "imageUrl": nothing, "author": nothing}

    read = mention(of("octolens"), {**OCTOLENS, "data": data})

    assert (read.text, read.media) == ("My kettle leaks.", ())
    assert read.customer.handle == "somebody"


def test_another_event_of_a_service_is_left_out_and_none_is_told():
    assert understood(of("octolens"), {**OCTOLENS, "action": "ping"}).unreadable == []
    [item] = understood(of("octolens"), {"data": OCTOLENS["data"]}).unreadable
    assert item.problem == "It does not say what it is about."


def test_trustpilot():
    read = mention(of("trustpilot"), TRUSTPILOT)

    assert read.text == "Great service\n\nNothing other than excellent."
    assert (read.rating, read.language) == (5, "en")
    assert read.url == "https://www.trustpilot.com/reviews/53bffd360000640002975387"
    assert (read.customer.key, read.customer.name) == ("53bffc3900006400017e5db8", "Customer")


def test_a_review_is_edited_and_deleted():
    here, [event] = of("trustpilot"), TRUSTPILOT["events"]
    data = {**event["eventData"], "stars": 1}
    edited = {**event, "eventName": "service-review-updated", "eventData": data}
    deleted = {"eventName": "service-review-deleted", "eventData": {"id": data["id"]}}

    news = understood(here, {"events": [event, edited, deleted]})

    first, second = news.mentions
    assert first.key == second.key
    assert first.revision != second.revision
    assert news.gone == [data["id"]]
    assert not news.unreadable


def test_tally():
    read = mention(of("tally"), TALLY)

    said = "Your mail: mira@a.example\nWhich kettle?: Large\nWhat happened?: It leaks."
    assert read.text == said
    assert (read.key, read.subject, read.public) == ("Z9Z97Go", "Complaints", False)
    assert read.customer.key == read.customer.handle == "mira@a.example"
    assert read.no_reply == "It came by a form. Answer by mail, and mark it as answered."


def test_typeform():
    read = mention(of("typeform"), TYPEFORM)

    assert read.text.split("\n") == [
        "What happened?: It leaks.",
        "Which ones?: Small, Large",
        "Your mail: mira@a.example",
        "Shall we call?: no",
    ]
    assert (read.key, read.customer.handle) == ("t0k3n", "mira@a.example")


def test_a_form_without_a_mail_address_is_of_somebody():
    told = json.loads(json.dumps(TYPEFORM).replace('"email"', '"text"'))

    assert mention(of("typeform"), told).customer.handle == "somebody"


def test_twilio_s_missed_calls():
    here = of("twilio")

    read = mention(here, urlencode(CALL).encode())

    assert (read.key, read.text) == ("CA1234567890ABCDE", "Missed call from +14158675309.")
    assert (read.customer.key, read.customer.place) == ("+14158675309", "SAN FRANCISCO")
    assert read.posted_at == datetime(2026, 11, 3, 11, 59, tzinfo=UTC)
    assert (read.public, read.no_reply) == (False, "Call back and mark it as answered.")


@pytest.mark.parametrize(
    ("change", "missed"),
    [
        ({"CallStatus": "completed"}, 0),
        ({"CallStatus": "completed", "DialCallStatus": "no-answer"}, 1),
        ({"CallStatus": "ringing"}, 0),
        ({"Direction": "outbound-api"}, 0),
        ({"CallStatus": "busy"}, 1),
    ],
)
def test_only_calls_that_nobody_took_are_told(change, missed):
    news = understood(of("twilio"), urlencode({**CALL, **change}).encode())

    assert len(news.mentions) == missed
    assert not news.unreadable


def test_any_telephone_system():
    here = of("calls", WEBHOOK_SECRET=SECRET)

    read = mention(here, A_CALL)

    assert read.text.split("\n") == [
        "Missed call from +44 113 496 0000.",
        "It rang for 25 seconds.",
        "",
        "Hello, it is about my kettle.",
    ]
    assert read.customer.name == "Mira Vale"
    assert not understood(here, {"calls": [{**A_CALL, "missed": False}]}).mentions
    hidden = mention(here, {"id": "c", "at": A_CALL["at"], "missed": True})
    assert hidden.text == "Missed call from a number that is not shown."


def test_every_built_in_mapping_is_documented_and_tested():
    there = {file.stem for file in (ROOT / "adapters/webhook/formats").glob("*.toml")}
    documented = re.findall(r"^\| `(\w+)` \|", section("Services that are known"), re.MULTILINE)

    assert there == set(FORMATS) == set(documented)


# Mappings


def test_the_mapping_on_the_page_reads_its_example_as_the_page_says(tmp_path):
    part = section("Mapping another service")
    file = tmp_path / "forum.toml"
    file.write_text(blocks(part, "toml")[0], encoding="utf-8")
    here = webhook(WEBHOOK_FORMAT=str(file), WEBHOOK_SECRET=TOKEN)
    body = blocks(part, "json")[0].encode()
    said = "sha256=" + hmac.new(TOKEN.encode(), body, hashlib.sha256).hexdigest()

    assert here.vouch({"x-forum-signature": said}, {}, body)
    news = here.understand(body)

    assert not news.unreadable
    first, second = news.mentions
    assert (first.key, first.thread, first.text) == ("8", "7", "Kettle\n\nIt leaks.")
    assert first.media == ("https://forum.example/8.png",)
    assert (first.url, first.customer.handle) == ("https://forum.example/8", "mira")
    assert first.posted_at == NOON
    assert (second.text, second.origin) == ("Solved.", Origin.AUTOMATED)
    assert here.check() == "webhooks of Acme's forum, signed in X-Forum-Signature; heard only"


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("a.b", [1]),
        ("a.x", []),
        ("list[].n", [1, 2]),
        ("list[0].n", [1]),
        ("list[9].n", []),
        ("list[k=y].n", [2]),
        ("list[n=2].k", ["y"]),
        ("list[k=$want].n", [2]),
        ("list[k=$wants].n", [1, 2]),
        ("empty|a.b", [1]),
        ("x|y|a.b", [1]),
        ('x|"so"', ["so"]),
        ("/top", ["t"]),
        ("top", []),
        ("a.b.c", []),
    ],
)
def test_a_path_leads_to(path, found):
    item = {
        "a": {"b": 1},
        "list": [{"n": 1, "k": "x"}, {"n": 2, "k": "y"}],
        "want": "y",
        "wants": ["x", "y"],
        "empty": "",
    }

    assert Way.of(path).all(Around(item, {"top": "t"})) == found


@pytest.mark.parametrize("path", ["", ".", "a..b", "a[", "a]b", "a[b", "/", "a|", "{a}", 'a"'])
def test_what_is_no_path_is_said(path):
    with pytest.raises(ValueError, match="is no path"):
        Way.of(path)


def test_a_line_in_which_something_is_missing_is_left_out():
    words = Template.of("{a}: {b}\n{c}\nAlways.")

    assert words.written(Around({"a": 1, "c": True}, {})) == "yes\nAlways."


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("x = 1", "x is not known."),
        ('[signed]\nby = "magic"', "signed.by must be one of"),
        ('[signed]\nby = "hmac"', "signed.header is missing."),
        ('[signed]\nby = "hmac"\nheader = "x"\nencoding = "rot13"', "must be base64 or hex."),
        ('[signed]\nby = "token"', "must name a header or a query parameter"),
        ('[signed]\nby = "basic"\n[mention]\nidd = "x"', "mention.idd is not known."),
        ('[signed]\nby = "basic"\n[mention.author]\nage = "x"', "mention.author.age is not known."),
        ('[signed]\nby = "basic"\n[mention]\nid = {}', "mention.id must have either a path"),
        ('[signed]\nby = "basic"\n[mention]\nid = "a["', "“a[” is no path."),
        ('[signed]\nby = "basic"\n[mention]\nid = { write = "{a" }', "without its other half."),
        ('body = "xml"\n[signed]\nby = "basic"', "body must be one of json, form."),
        ("", "signed.by is missing."),
        ('[signed]\nby = "basic"\nhow = "x"', "signed.how is not known."),
        ("[[", ""),
    ],
)
def test_what_is_wrong_in_a_mapping_is_said_before_anything_comes(tmp_path, text, said):
    file = tmp_path / "x.toml"
    file.write_text(text, encoding="utf-8")

    with pytest.raises(ValueError, match=r"WEBHOOK_FORMAT is .*something in it is wrong") as no:
        webhook(WEBHOOK_FORMAT=str(file), WEBHOOK_SECRET="name:a-password-of-length")

    assert said in str(no.value)


@pytest.mark.parametrize(
    ("how", "said", "at"),
    [
        ("iso", "2026-11-03T13:00:00+01:00", NOON),
        ("utc", "2026-11-03T12:00:00", NOON),
        ("seconds", 1793707200, NOON),
        ("seconds", "1793707200.0", NOON),
        ("milliseconds", 1793707200000, NOON),
        ("mail", "Tue, 03 Nov 2026 12:00:00 +0000", NOON),
        ("iso", "2026-11-03T12:00:00", None),
        ("mail", "Tue, 03 Nov 2026 12:00:00", None),
        ("mail", 5, None),
        ("seconds", 1e300, None),
        ("seconds", "soon", None),
        ("seconds", [], None),
    ],
)
def test_a_time_may_be_written_in_several_ways(how, said, at):
    mapping = f"""
        [signed]
        by = "standard"
        [mention]
        id = "id"
        text = "text"
        posted_at = {{ path = "at", time = "{how}" }}
        [mention.author]
        name = "by"
    """
    here = webhook()
    here.format = parsed(mapping)

    news = understood(here, {"id": 1, "text": "Hi", "at": said, "by": "mira"})

    assert [read.posted_at for read in news.mentions] == ([at] if at else [])
    assert len(news.unreadable) == (at is None)


# What the page says to type


def test_the_python_on_the_page_brings_a_mention(tmp_path):
    script = tmp_path / "bring.py"
    script.write_text(blocks(section("The first webhook"), "python")[0], encoding="utf-8")

    said, read = brought([sys.executable, str(script)])

    assert said == "200"
    assert (read.key, read.customer.name) == ("order-4711-1", "Mira Vale")


@pytest.mark.skipif(
    not all(map(shutil.which, ("sh", "curl", "openssl", "od"))), reason="needs curl and openssl"
)
def test_the_curl_on_the_page_brings_a_mention(tmp_path):
    script = tmp_path / "bring.sh"
    script.write_text(blocks(section("The first webhook"), "sh")[1], encoding="utf-8")

    said, read = brought(["sh", str(script)])

    assert said == "200"
    assert (read.key, read.text) == ("order-4711-2", "Hello?")


@pytest.mark.skipif(not shutil.which("openssl"), reason="needs openssl")
def test_the_secret_that_the_page_makes_is_one():
    made = subprocess.run(
        ["sh", "-c", blocks(section("The first webhook"), "sh")[0]],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()

    assert len(signed.secret(made)) == 32


def brought(command):
    """What it printed, and the mention that it brought to a real door."""

    def now():
        return datetime.now(UTC)

    adapter = webhook(now)
    with Front(adapter, "webhook", now) as front:
        done = subprocess.run(
            [*command, front.url, SECRET], capture_output=True, text=True, timeout=60, check=False
        )
        assert done.returncode == 0, done.stderr
        [(_, body)] = front.kept(0, NOON.replace(year=2000))
    return done.stdout.strip(), mention(adapter, body)
