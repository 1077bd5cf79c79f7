"""The Web API: who may call what how often, and what goes wrong on the way."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from bot.playground import conversations, files, messages, views
from bot.playground.arguments import Arguments
from bot.playground.faults import Fault, Trouble
from bot.playground.limits import RARE, SPECIAL, TIER_2, TIER_3, TIER_4, Rate
from bot.playground.memory import Memory
from bot.playground.things import Answer, Json, Refusal

TICKET_SECONDS = 30.0


def open_connection(memory: Memory, _given: Arguments) -> Json:
    """An address for one WebSocket, to be used at once."""
    ticket = memory.new_id("")
    memory.tickets[ticket] = memory.now() + TICKET_SECONDS
    return {"url": f"{memory.url.replace('http', 'ws', 1)}link/?ticket={ticket}"}


@dataclass(frozen=True)
class Method:
    run: Callable[[Memory, Arguments], Json]
    scope: str
    rate: Rate | None  # None: like messages, by channel


METHODS = {
    "apps.connections.open": Method(open_connection, "connections:write", RARE),
    "auth.test": Method(conversations.auth, "", SPECIAL),
    "chat.delete": Method(messages.delete, "chat:write", TIER_3),
    "chat.getPermalink": Method(messages.permalink, "", SPECIAL),
    "chat.postEphemeral": Method(messages.post_ephemeral, "chat:write", TIER_4),
    "chat.postMessage": Method(messages.post, "chat:write", None),
    "chat.update": Method(messages.update, "chat:write", TIER_3),
    "conversations.history": Method(conversations.history, "channels:history", TIER_3),
    "conversations.info": Method(conversations.info, "channels:read", TIER_3),
    "conversations.join": Method(conversations.join, "channels:join", TIER_3),
    "conversations.members": Method(conversations.members, "channels:read", TIER_4),
    "conversations.open": Method(conversations.open_direct, "im:write", TIER_3),
    "conversations.replies": Method(conversations.thread, "channels:history", TIER_3),
    "files.completeUploadExternal": Method(files.complete, "files:write", TIER_4),
    "files.delete": Method(files.delete, "files:write", TIER_3),
    "files.getUploadURLExternal": Method(files.begin, "files:write", TIER_4),
    "files.info": Method(files.info, "files:read", TIER_4),
    "team.info": Method(conversations.team, "team:read", TIER_3),
    "usergroups.list": Method(conversations.usergroups, "usergroups:read", TIER_2),
    "usergroups.users.list": Method(conversations.usergroup_users, "usergroups:read", TIER_2),
    "users.info": Method(conversations.user, "users:read", TIER_4),
    "users.list": Method(conversations.users, "users:read", TIER_2),
    "views.open": Method(views.open_view, "", TIER_4),
    "views.publish": Method(views.publish, "", TIER_4),
    "views.push": Method(views.push, "", TIER_4),
    "views.update": Method(views.update, "", TIER_4),
}


def answer(memory: Memory, name: str, params: Mapping[str, Any], token: str | None) -> Answer:
    """Do what was asked, unless Slack refuses or a fault was asked for."""
    memory.calls.append((name, dict(params)))
    fault = memory.faults.take(name)
    if fault and (refused := _before(fault)):
        return refused
    given = Answer(_done(memory, name, Arguments(params), token))
    if given.body["ok"]:
        memory.changed()
    given.headers["X-OAuth-Scopes"] = ",".join(sorted(memory.scopes))
    _rate_limited(given)
    if fault:
        _after(fault, given)
    return given


def _done(memory: Memory, name: str, given: Arguments, token: str | None) -> Json:
    try:
        method = METHODS.get(name)
        if method is None:
            raise Refusal("unknown_method", req_method=name)
        _must_be_allowed(memory, name, method, token)
        _must_have_patience(memory, name, method, given)
        return {"ok": True} | method.run(memory, given)
    except Refusal as refusal:
        return refusal.body


def _must_be_allowed(memory: Memory, name: str, method: Method, token: str | None) -> None:
    wanted, other = memory.bot_token, memory.app_token
    if name == "apps.connections.open":
        wanted, other = other, wanted
    _must_be_token(memory, token, wanted, other)
    scopes = memory.app_scopes if wanted == memory.app_token else memory.scopes
    if method.scope and method.scope not in scopes:
        provided = ",".join(sorted(scopes))
        raise Refusal("missing_scope", needed=method.scope, provided=provided)


def _must_be_token(memory: Memory, token: str | None, wanted: str, other: str) -> None:
    if not token:
        raise Refusal("not_authed")
    if token in memory.revoked:
        raise Refusal("token_revoked")
    if token == other:
        raise Refusal("not_allowed_token_type")
    if token != wanted:
        raise Refusal("invalid_auth")


def _must_have_patience(memory: Memory, name: str, method: Method, given: Arguments) -> None:
    bucket, rate = name if method.rate else f"{name} in {given.word('channel')}", method.rate
    if method.scope == "channels:history":
        rate = memory.limits.history or rate
    if seconds := memory.limits.wait(bucket, rate, memory.now()):
        raise Refusal("ratelimited", retry_after=seconds)


def _rate_limited(given: Answer) -> None:
    """A refusal for haste is the only one that has its own status."""
    if given.body.get("error") == "ratelimited":
        given.status = 429
        given.headers["Retry-After"] = str(given.body.pop("retry_after", 1))


def _before(fault: Fault) -> Answer | None:
    refused = {"ok": False, "error": fault.error}
    if fault.trouble in (Trouble.ERROR, Trouble.REFUSED):
        return Answer(refused)
    if fault.trouble == Trouble.BROKEN:
        return Answer(refused, fault.status)
    if fault.trouble == Trouble.RATE_LIMITED:
        limited = {"ok": False, "error": "ratelimited"}
        return Answer(limited, 429, {"Retry-After": str(fault.retry_after)})
    return None


def _after(fault: Fault, given: Answer) -> None:
    """It is done; but the answer comes late, wrong, or not at all."""
    if fault.trouble == Trouble.BROKEN_AFTER:
        given.status, given.body = fault.status, {"ok": False, "error": fault.error}
    elif fault.trouble == Trouble.SLOW:
        given.delay = fault.seconds
    else:
        given.lost = {Trouble.LOST: "closed", Trouble.RESET: "reset"}.get(fault.trouble, "")
