"""What the bot answers to what people did: with its ack, or later to a response_url."""

from typing import Any

from bot.playground import checks, messages, suggestions, views
from bot.playground.arguments import Arguments
from bot.playground.elements import SUGGESTED
from bot.playground.memory import Memory
from bot.playground.things import Channel, Envelope, Json, Refusal, ResponseUrl

URL_USES, URL_SECONDS = 5, 1800.0
QUIET = {"view_closed", "block_suggestion"}
TROUBLE = "The app's answer could not be shown"


def acknowledge(memory: Memory, envelope: Envelope, answer: Any) -> None:
    """Do to the person's screen what the ack asks for; what Slack can't show, it says."""
    answer = answer if isinstance(answer, dict) else {}
    try:
        if envelope.kind == "slash_commands" and answer:
            _say(memory, _meant(envelope), answer)
        elif envelope.payload.get("type") == "view_submission":
            _submitted(memory, envelope, answer)
        elif envelope.payload.get("type") == "block_suggestion":
            _suggested(memory, envelope, answer)
    except Refusal as refusal:
        memory.toasts[envelope.person] = f"{TROUBLE}: {refusal}."


def unacknowledged(memory: Memory, envelope: Envelope) -> None:
    """Slack waited three seconds: what it then shows to the person who did it."""
    if envelope.kind == "slash_commands":
        failed = f"{envelope.payload['command']} failed with the error “operation_timeout”."
        memory.toasts[envelope.person] = failed
    elif envelope.kind == "interactive" and envelope.payload["type"] not in QUIET:
        memory.toasts[envelope.person] = "This didn’t work. Try again."


def respond(memory: Memory, id: str, answer: Json) -> None:
    """A later word by response_url: five of them within half an hour."""
    url = memory.response_urls.get(id)
    if url is None:
        raise Refusal("invalid_url")
    if memory.now() - url.made > URL_SECONDS:
        raise Refusal("expired_url")
    if url.uses >= URL_USES:
        raise Refusal("used_url")
    _say(memory, url, answer)
    url.uses += 1


def _meant(envelope: Envelope) -> ResponseUrl:
    return ResponseUrl(envelope.payload["channel_id"], envelope.person, 0.0)


def _say(memory: Memory, url: ResponseUrl, answer: Json) -> None:
    given, channel = Arguments(answer), memory.channels[url.channel]
    if given.flag("delete_original"):
        _take_back(memory, channel, url)
        return
    content = messages.content(memory, given, most=None)
    if given.flag("replace_original"):
        _rewrite(memory, channel, url, content)
    elif given.word("response_type") == "in_channel":
        memory.keep(channel, messages.signed(memory) | content | messages.threaded(channel, given))
    else:
        thread = {"thread_ts": given.word("thread_ts")} if given.word("thread_ts") else {}
        memory.whisper(url.channel, url.person, content | thread)


def _take_back(memory: Memory, channel: Channel, url: ResponseUrl) -> None:
    original = _original(memory, channel, url)
    if original in memory.whispers:
        memory.whispers.remove(original)
    else:
        messages.remove(channel, original)


def _rewrite(memory: Memory, channel: Channel, url: ResponseUrl, content: Json) -> None:
    messages.rewrite(memory, _original(memory, channel, url), content)


def _original(memory: Memory, channel: Channel, url: ResponseUrl) -> Json:
    for whisper in memory.whispers:
        if whisper["ts"] == url.original:
            return whisper
    return memory.message(channel, url.original or "")


def _submitted(memory: Memory, envelope: Envelope, answer: Json) -> None:
    """An empty ack closes the form; anything else changes what lies on the stack."""
    view = views.find(memory, envelope.payload["view"]["id"])
    action = answer.get("response_action")
    if action == "clear":
        memory.stacks.pop(envelope.person, None)
    elif action == "push":
        views.push_on(memory, envelope.person, answer.get("view"))
    elif view and action == "errors":
        _show_errors(memory, view, answer.get("errors"))
    elif view and action == "update":
        views.replace(memory, view, answer.get("view"))
    elif view and not action:
        close(memory, envelope.person, view)


def _show_errors(memory: Memory, view: Json, errors: Any) -> None:
    inputs = {block["block_id"] for block in view["blocks"] if block["type"] == "input"}
    if not isinstance(errors, dict) or not errors or errors.keys() - inputs:
        raise Refusal("invalid_arguments", checks.problem("no such input", "/errors"))
    memory.view_errors[view["id"]] = errors


def close(memory: Memory, person: str, view: Json) -> None:
    """Take the form away; the one below it is seen again."""
    stack = memory.stacks.get(person, [])
    memory.stacks[person] = [other for other in stack if other is not view]
    memory.view_errors.pop(view["id"], None)
    for offer in [one for one in memory.offers if one[1] == view["id"]]:
        del memory.offers[offer]


def _suggested(memory: Memory, envelope: Envelope, answer: Json) -> None:
    """What the bot offers for what was typed; Block Kit's rules hold for it, too."""
    offer = suggestions.place(envelope)
    memory.offers[offer] = memory.offers.get(offer, {}) | {"now": {"options": []}}
    if problems := list(SUGGESTED(answer, "")):
        raise Refusal("invalid_arguments", *problems)
    suggestions.keep(memory, offer, answer)
