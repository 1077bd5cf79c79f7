"""WhatsApp: all of it is brought, and what becomes of our answers comes as a status."""

from datetime import timedelta

import pytest

from adapters import Forged
from bot.domain.conversation import State
from bot.domain.delivery import LockedOut, Refused, TryLater, Unsure
from bot.domain.mention import Origin
from storage import inbox
from tests.adapters.graph_server import EXPIRED, GONE, VERIFY, No, signed
from tests.adapters.place_whatsapp import WhatsAppPlace
from tests.people import ANA

TEXT = {"type": "text", "text": {"body": "Where is it?"}}


@pytest.fixture
def place():
    with WhatsAppPlace() as place:
        yield place


@pytest.fixture
def adapter(place):
    return place.restarted_alone()


def understood(place):
    """What the latest webhook says."""
    return place.restarted_alone().understand(place.webhooks[-1])


def asked(place, **message):
    place.say(**{**TEXT, **message})
    [mention] = understood(place).mentions
    return mention


@pytest.mark.parametrize(
    ("message", "words"),
    [
        (TEXT, "Where is it?"),
        ({"type": "image", "image": {"caption": "Look!", "id": "1"}}, "Look!"),
        ({"type": "image", "image": {"id": "1"}}, "(a picture)"),
        ({"type": "audio", "audio": {"id": "1", "voice": True}}, "(a voice message)"),
        ({"type": "button", "button": {"text": "Yes", "payload": "y"}}, "Yes"),
        (
            {
                "type": "interactive",
                "interactive": {"type": "list_reply", "list_reply": {"id": "1", "title": "Refund"}},
            },
            "Refund",
        ),
        (
            {"type": "unsupported", "errors": [{"code": 131051}]},
            "(a message that only WhatsApp itself shows)",
        ),
        ({"type": "new_thing", "new_thing": {}}, "(a message that only WhatsApp itself shows)"),
        ({"type": "contacts", "contacts": [{"name": {}}]}, "(a contact)"),
    ],
)
def test_each_kind_of_message_has_words(place, message, words):
    place.say(**message)

    [mention] = understood(place).mentions

    assert mention.text == words


@pytest.mark.parametrize("kind", ["reaction", "system"])
def test_what_can_not_be_answered_is_no_message(place, kind):
    place.say(type=kind, **{kind: {"emoji": "x"}})

    news = understood(place)

    assert (list(news.mentions), list(news.unreadable)) == ([], [])


def test_a_message_is_private_and_must_be_answered_within_a_day(place):
    mention = asked(place)

    assert (mention.public, mention.customer.handle) == (False, "mira")
    assert mention.reply_by == mention.posted_at + timedelta(hours=24)
    assert mention.thread == mention.customer.key


def test_after_a_day_nobody_is_answered_and_nothing_is_asked(place, adapter):
    mention = asked(place)
    place.pass_(minutes=60 * 24 + 1)

    with pytest.raises(Refused, match="the customer must write again first"):
        adapter.reply(mention, "Here.", key="k", again=False)

    assert place.calls() == 0


def test_an_answer_names_what_it_answers(place, adapter):
    mention = asked(place)

    adapter.reply(mention, "Here.", key="k1", again=False)

    [sent] = place.sent
    assert sent["context"] == {"message_id": mention.key}
    assert sent["biz_opaque_callback_data"] == f"k1 {mention.key}"


@pytest.fixture
def bot(assemble, place):
    """The whole bot, with this number as one of its accounts."""
    assemble.others["whatsapp"] = place.restarted_alone()
    return assemble()


def opened(bot, place):
    """All that was brought is kept, and read by the worker."""
    adapter = place.restarted_alone()
    for body in place.webhooks:
        key = adapter.vouch(signed(body), {}, body)
        with bot.desk.database.begin() as db:
            inbox.keep(db, "whatsapp", key, body, bot.desk.now())
    bot.intake.open("whatsapp", adapter)


def test_an_answer_that_we_are_unsure_of_is_settled_by_its_status(bot, place, adapter):
    """Its confirmation was lost, and nobody can look; then WhatsApp says that it has it."""
    place.say(**TEXT)
    opened(bot, place)
    bot.answering.reply(1, ANA, "Here.", mention=1, key="k")
    place.loses = ("POST",)
    with pytest.raises(TryLater):
        adapter.reply(bot.desk.look(1).latest, "Here.", key="k", again=False)
    with pytest.raises(Unsure) as unsure:
        adapter.reply(bot.desk.look(1).latest, "Here.", key="k", again=True)
    bot.answering.reply_in_doubt("k", str(unsure.value))
    assert bot.desk.look(1).conversation.unsure == "k"

    opened(bot, place)

    case = bot.desk.look(1)
    assert (case.conversation.state, case.conversation.unsure) == (State.ANSWERED, None)
    assert len(place.sent) == 1


def test_a_status_that_is_repeated_is_known(place):
    first = understood_status(place, "sent")
    later = understood_status(place, "read")

    assert (first.key, first.revision) == (later.key, later.revision)
    assert (first.origin, first.parent) == (Origin.OWN, "wamid.1")


def understood_status(place, status, **more):
    place.status("wamid.9", "4915", "k wamid.1", status=status, **more)
    [mention] = understood(place).mentions
    return mention


def test_an_answer_that_was_not_delivered_is_told_like_a_bounce(place):
    errors = [{"code": 131026, "title": "Message undeliverable"}]

    failed = understood_status(place, "failed", errors=errors)

    assert failed.origin is Origin.AUTOMATED
    assert failed.text == "(WhatsApp could not deliver our answer: Message undeliverable)"
    assert (failed.thread, failed.parent) == ("4915", "wamid.1")


def test_what_other_programs_send_is_not_our_answer(place):
    place.status("wamid.9", "4915", "")

    assert not understood(place).mentions


def test_another_number_s_news_is_not_ours(place, adapter):
    body = place.bring(number="77", messages=[{"from": "1", "id": "w", "timestamp": "1", **TEXT}])

    news = adapter.understand(body)

    assert (list(news.mentions), list(news.unreadable)) == ([], [])


def test_one_message_that_makes_no_sense_is_set_aside_alone(place, adapter):
    fine = {"from": "49", "id": "w2", "timestamp": place._now(), **TEXT}
    body = place.bring(messages=[{"id": "w1", "type": "text"}, fine])

    news = adapter.understand(body)

    assert [m.key for m in news.mentions] == ["w2"]
    assert len(news.unreadable) == 1


def test_only_meta_brings_webhooks(place, adapter):
    body = place.bring(messages=[])

    assert adapter.vouch(signed(body), {}, body)
    with pytest.raises(Forged):
        adapter.vouch(signed(b"x"), {}, body)
    query = {"hub.mode": "subscribe", "hub.verify_token": VERIFY, "hub.challenge": "42"}
    assert adapter.handshake(query) == "42"


@pytest.mark.parametrize(
    ("error", "said"),
    [
        ({"code": 131047, "message": "x"}, "must write again first"),
        ({"code": 131026, "message": "x"}, "takes no messages from us"),
        ({"code": 131049, "message": "x"}, "enough messages"),
        ({"code": 131051, "message": "(#131051) Unsupported"}, "would not do it"),
    ],
)
def test_what_whatsapp_refuses_is_said_in_a_sentence(place, adapter, error, said):
    mention = asked(place)
    place.refuses["POST"] = No(**error)

    with pytest.raises(Refused, match=said):
        adapter.reply(mention, "Here.", key="k", again=False)


@pytest.mark.parametrize("code", [130429, 80007, 131056])
def test_limits_are_waited_for(place, adapter, code):
    mention = asked(place)
    place.refuses["POST"] = No(code=code, message="x")

    with pytest.raises(TryLater) as later:
        adapter.reply(mention, "Here.", key="k", again=False)

    assert later.value.surely_not_done


@pytest.mark.parametrize("body", [b"{}", b'{"messages": []}', b'{"messages": [{}]}'])
def test_an_answer_without_an_id_may_have_been_sent(place, adapter, body):
    mention = asked(place)
    place.says = 200, {}, body

    with pytest.raises(TryLater, match="did not say whether") as later:
        adapter.reply(mention, "Here.", key="k", again=False)

    assert not later.value.surely_not_done


def test_what_is_wrong_with_the_credentials_is_named(place, adapter):
    assert adapter.check() == "WhatsApp as Acme (+49 151 1); its news only comes by webhook"
    with pytest.raises(LockedOut, match="WHATSAPP_NUMBER_ID"):
        place.restarted_alone(WHATSAPP_NUMBER_ID="77").check()
    with pytest.raises(ValueError, match="WHATSAPP_NUMBER_ID must be the id"):
        place.restarted_alone(WHATSAPP_NUMBER_ID="+49 151 1")
    place.refuses["GET"] = No(**EXPIRED)
    with pytest.raises(LockedOut, match="WHATSAPP_TOKEN: it has expired"):
        adapter.fetch(None)
    place.refuses["GET"] = No(**GONE)
    with pytest.raises(LockedOut, match="nothing of the id in WHATSAPP_NUMBER_ID"):
        adapter.fetch(None)
