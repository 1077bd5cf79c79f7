"""Telegram: whom a message concerns, news kept for a day, webhooks, a token in addresses."""

import json
import logging
from datetime import timedelta

import pytest

from adapters import Forged, make
from adapters.telegram import Telegram
from bot.domain.delivery import LockedOut, Refused, TryLater
from bot.domain.mention import Origin
from tests.adapters.place_telegram import TelegramPlace
from tests.adapters.places import HISTORY, Clock
from tests.adapters.servers import free_port
from tests.adapters.telegram_server import BOT, GROUP, TOKEN

ROOM = {"id": GROUP, "type": "supergroup", "title": "Kettles"}
SECRET = {"x-telegram-bot-api-secret-token": "sesame"}
WEBHOOK = {"url": "https://acme.example/hooks/telegram"}


@pytest.fixture
def place():
    with TelegramPlace() as place:
        yield place


def heard(place, cursor=None, **settings):
    return [m.text for m in place.restarted(**settings).fetch(cursor).mentions]


def test_in_a_group_only_what_calls_us_is_ours(place):
    place.write("Lovely weather", chat=ROOM)
    place.write("@ACME_bot where is it?", chat=ROOM)
    place.write("My kettle leaks", chat=ROOM)
    ours = place._sendMessage(GROUP, "Here", {"is_disabled": True})["message_id"]
    place.write("No, there", chat=ROOM, to=(GROUP, ours))
    place.write("@acme_bot in a channel", chat={"id": -5, "type": "channel", "title": "News"})

    assert heard(place) == ["@ACME_bot where is it?", "No, there"]
    assert heard(place, TELEGRAM_WORDS="kettle") == [
        "@ACME_bot where is it?",
        "My kettle leaks",
        "No, there",
    ]


def test_what_groups_hear_of_their_own_is_no_message(place):
    place.write(None, new_chat_members=[BOT])
    place.write(None, voice={"file_id": "x"})

    assert heard(place) == ["(a voice message)"]


def test_a_message_tells_who_wrote_it_and_where(place):
    place.write("@acme_bot?", chat=ROOM | {"username": "kettles"})
    place.write("@acme_bot?", chat=ROOM, is_topic_message=True, message_thread_id=7)
    place.write("Hello?")

    public, topic, private = place.adapter.fetch(None).mentions

    assert (public.url, public.public) == ("https://t.me/kettles/10", True)
    assert topic.url == "https://t.me/c/1234567890/11"
    assert topic.thread == f"{GROUP}/7"
    assert (private.url, private.public, private.thread) == (None, False, "1001")
    assert (private.customer.name, private.customer.speaks) == ("Mira", "en")


@pytest.mark.parametrize(
    ("more", "origin"),
    [
        ({"is_automatic_forward": True}, Origin.REPOST),
        ({"from": {"id": 9, "is_bot": True, "first_name": "Other"}}, Origin.AUTOMATED),
        (
            {
                "from": {"id": 1087968824, "is_bot": True, "first_name": "Group"},
                "sender_chat": {"id": GROUP, "type": "supergroup", "title": "Kettles"},
            },
            Origin.CUSTOMER,
        ),
    ],
)
def test_machines_are_told_from_people(place, more, origin):
    place.write("@acme_bot?", chat=ROOM, **more)

    [mention] = place.adapter.fetch(None).mentions

    assert mention.origin is origin


def test_a_colleague_who_answers_in_a_group_answers_for_us(place):
    asked = place.write("@acme_bot?", chat=ROOM)
    place.write("It is on its way", by="ana", chat=ROOM, to=asked)
    place.write("Lunch?", by="ana", chat=ROOM)

    mentions = place.restarted(TELEGRAM_OURS="@Ana").fetch(None).mentions

    assert [m.text for m in mentions] == ["@acme_bot?", "It is on its way"]
    assert mentions[1].origin is Origin.OWN
    assert mentions[1].parent == mentions[0].key


def test_only_what_is_written_down_is_confirmed(place):
    first = place.adapter.fetch(None)
    place.write("Hello?")

    lost = place.adapter.fetch(first.cursor)
    again = place.adapter.fetch(first.cursor)
    after = place.adapter.fetch(again.cursor)

    assert [m.text for m in lost.mentions] == [m.text for m in again.mentions] == ["Hello?"]
    assert after.mentions == []
    assert place.updates == []


def test_after_more_than_a_day_what_is_lost_is_told(place):
    cursor = place.adapter.fetch(None).cursor
    place.write("Hello?")
    place.pass_(minutes=60 * 24 + 90)

    batch = place.adapter.fetch(cursor)

    assert batch.mentions == []
    assert batch.gap == (
        "Telegram keeps news for 24 hours: what was written between 03 November 12:00 and"
        " 03 November 13:30 UTC is lost."
    )
    assert not place.adapter.fetch(batch.cursor).gap


def test_within_a_day_nothing_is_lost(place):
    cursor = place.adapter.fetch(None).cursor
    place.write("Hello?")
    place.pass_(minutes=60 * 23)

    batch = place.adapter.fetch(cursor)

    assert ([m.text for m in batch.mentions], batch.gap) == (["Hello?"], "")


def test_two_programs_at_once_are_told_of_and_tried_again(place):
    place.polled_elsewhere = True

    with pytest.raises(TryLater, match="Another program asks Telegram"):
        place.adapter.fetch(None)


def test_a_webhook_that_we_do_not_know_of_shuts_us_out(place):
    place.webhook = WEBHOOK

    for call in (place.adapter.check, lambda: place.adapter.fetch(None)):
        with pytest.raises(LockedOut, match="Set TELEGRAM_WEBHOOK_SECRET to what it was set with"):
            call()


def test_where_news_is_brought_nothing_is_asked_for(place):
    adapter = place.restarted(TELEGRAM_WEBHOOK_SECRET="sesame")
    place.webhook = WEBHOOK

    batch = adapter.fetch(None)

    assert (list(batch.mentions), batch.more) == ([], False)
    assert "getUpdates" not in place.methods


def test_a_webhook_that_is_not_set_or_brings_nothing_is_told(place):
    adapter = place.restarted(TELEGRAM_WEBHOOK_SECRET="sesame")
    with pytest.raises(LockedOut, match="brings this bot's news nowhere"):
        adapter.fetch(None)
    place.webhook = WEBHOOK | {"pending_update_count": 3, "last_error_message": "Wrong response"}

    with pytest.raises(TryLater, match="can't bring its news to us: Wrong response"):
        adapter.fetch(None)


def test_what_is_brought_with_our_secret_is_understood(place):
    adapter = place.restarted(TELEGRAM_WEBHOOK_SECRET="sesame")
    place.write("Hello?")
    body = json.dumps(place.updates[0][1]).encode()

    assert adapter.vouch(SECRET, {}, body) == "update/7000"
    assert [m.text for m in adapter.understand(body).mentions] == ["Hello?"]
    assert adapter.handshake({"hub.challenge": "1"}) is None


def test_who_does_not_know_the_secret_is_turned_away(place):
    adapter = place.restarted(TELEGRAM_WEBHOOK_SECRET="sesame")

    with pytest.raises(Forged, match="not ours"):
        adapter.vouch({}, {}, b"{}")
    with pytest.raises(Forged, match="is not set"):
        place.adapter.vouch({"x-telegram-bot-api-secret-token": ""}, {}, b"{}")


def test_a_token_that_was_revoked_is_not_one_that_leads_nowhere(place):
    with pytest.raises(LockedOut, match=r"revoked or copied wrongly\. Look at TELEGRAM_TOKEN"):
        place.locked_out().check()
    adapter = place.restarted()
    adapter.line._url += "/x/y"
    place.take = lambda *_: (404, {}, b'{"ok":false,"error_code":404,"description":"Not Found"}')
    with pytest.raises(LockedOut, match="finds no bot of this token"):
        adapter.check()


def test_the_token_of_another_bot_is_noticed(place):
    adapter = place.restarted(TELEGRAM_BOT="@other_bot")

    with pytest.raises(
        LockedOut, match=r"TELEGRAM_TOKEN is that of @acme_bot\. Look at TELEGRAM_B"
    ):
        adapter.check()


def test_check_tells_that_words_in_groups_are_not_heard(place):
    place.listens = False

    assert place.adapter.check() == "Telegram as @acme_bot"
    assert "turn off its privacy mode" in place.restarted(TELEGRAM_WORDS="acme").check()


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        ({"TELEGRAM_TOKEN": "secret"}, "TELEGRAM_TOKEN must look like"),
        ({"TELEGRAM_WEBHOOK_SECRET": "a b"}, "TELEGRAM_WEBHOOK_SECRET may only have"),
        ({"TELEGRAM_EVERY": "1"}, "TELEGRAM_EVERY must be"),
    ],
)
def test_settings_that_can_not_be_are_named(settings, why):
    known = {"TELEGRAM_TOKEN": TOKEN, "TELEGRAM_BOT": "acme_bot", **settings}
    with pytest.raises(ValueError, match=why) as wrong:
        make("telegram", Telegram, known, Clock(), HISTORY)

    assert "secret" not in str(wrong.value)


def test_telegram_says_how_long_to_wait(place):
    asked = place.adapter.fetch(None)
    place.write("Hello?")
    [mention] = place.adapter.fetch(asked.cursor).mentions
    place.says = (
        429,
        {},
        json.dumps(
            {
                "ok": False,
                "error_code": 429,
                "description": "Too Many Requests: retry after 35",
                "parameters": {"retry_after": 35},
            }
        ).encode(),
    )

    with pytest.raises(TryLater) as later:
        place.adapter.reply(mention, "Yes?", key="k", again=False)

    assert (later.value.after, later.value.surely_not_done) == (timedelta(seconds=35), True)


@pytest.mark.parametrize(
    ("status", "why", "said"),
    [
        (403, "Forbidden: bot was blocked by the user", "They have blocked the bot."),
        (403, "Forbidden: bot was kicked from the supergroup chat", "was removed from this group"),
        (403, "Forbidden: user is deactivated", "account is gone"),
        (400, "Bad Request: chat not found", "does not find this chat"),
        (400, "Bad Request: not enough rights to send text messages", "may not write"),
        (400, "Bad Request: something new", "would not do it: Bad Request: something new"),
    ],
)
def test_what_telegram_refuses_is_said_in_a_sentence(place, status, why, said):
    place.write("Hello?")
    [mention] = place.adapter.fetch(None).mentions
    place.refuses["sendMessage"] = status, why

    with pytest.raises(Refused, match=said):
        place.adapter.reply(mention, "Yes?", key="k", again=False)


def test_what_is_deleted_there_is_not_answered(place):
    place.write("Hello?")
    [mention] = place.adapter.fetch(None).mentions
    place.delete(mention.key)

    with pytest.raises(Refused, match="deleted, so nobody can answer"):
        place.adapter.reply(mention, "Yes?", key="k", again=False)

    assert place.answers() == []


def test_a_group_that_has_moved_is_answered_where_it_is_now(place):
    place.write("@acme_bot?", chat={"id": -77, "type": "group", "title": "Kettles"})
    [mention] = place.adapter.fetch(None).mentions
    place.moved[-77] = GROUP

    sent = place.adapter.reply(mention, "Yes?", key="k", again=False)

    assert sent.key.startswith(f"{GROUP}/")
    assert sent.url == f"https://t.me/c/1234567890/{sent.key.partition('/')[2]}"


def test_words_are_measured_as_telegram_counts(place):
    assert place.adapter.length("a\N{PERSON WITH FOLDED HANDS}") == 3


def test_no_markup_is_read_in_an_answer(place):
    place.write("Hello?")
    [mention] = place.adapter.fetch(None).mentions

    place.adapter.reply(mention, "*not* <b>bold</b> _at all_", key="k", again=False)

    assert place.answers() == ["*not* <b>bold</b> _at all_"]


def test_after_two_days_an_answer_can_not_be_taken_back(place):
    place.write("Hello?")
    [mention] = place.adapter.fetch(None).mentions
    sent = place.adapter.reply(mention, "Yes?", key="k", again=False)
    place.pass_(minutes=60 * 49)

    with pytest.raises(Refused, match=r"for 48 hours\. Delete it there"):
        place.adapter.withdraw(sent, mention, again=False)


def test_a_picture_that_came_as_a_file_is_brought_as_well(place):
    content = b"\x89PNG\r\n\x1a\n"
    place.write(None, document={"mime_type": "image/png", **place.picture(content)})
    place.write(None, document={"mime_type": "text/plain", "file_id": "x"})

    with_picture, without = place.adapter.fetch(None).mentions

    assert place.adapter.bring(with_picture, with_picture.media[0], most=100) == content
    assert (without.text, without.media) == ("(a file)", ())


@pytest.mark.parametrize("body", [b"", b"[]", b'{"ok": true}', b'{"ok": false}', b"<html>"])
def test_an_answer_that_makes_no_sense_is_tried_again(place, body):
    place.says = 200, {}, body

    with pytest.raises(TryLater, match="did not answer properly"):
        place.adapter.fetch(None)


def test_milliseconds_are_no_time(place):
    place.write("Hello?", date=1_793_700_000_000)

    batch = place.adapter.fetch(None)

    assert not batch.mentions
    assert "is no time" in batch.unreadable[0].problem


def test_the_token_is_never_told(place, caplog):
    """It is part of every address, so errors and logs must not name any."""
    caplog.set_level(logging.DEBUG)
    place.write("Hello?")
    [mention] = place.adapter.fetch(None).mentions
    away = place.restarted()
    away.line._url = f"http://127.0.0.1:{free_port()}"
    told = [repr(away), repr(away.line), repr(vars(away))]
    for call in (
        away.check,
        lambda: away.fetch(None),
        lambda: away.reply(mention, "Yes?", key="k", again=False),
        place.locked_out().check,
    ):
        with pytest.raises((TryLater, LockedOut)) as problem:
            call()
        told += [str(problem.value), repr(problem.getrepr(style="short", chain=True))]

    assert not [said for said in [*told, caplog.text] if TOKEN.partition(":")[2] in said]
    assert "stolen" not in "".join(told)
