"""conversations.*, users.*, usergroups.*, team.info: what is there, and what was said."""

from base64 import b64decode, b64encode
from binascii import Error as NotBase64
from dataclasses import asdict
from datetime import datetime
from decimal import Decimal, InvalidOperation
from zoneinfo import ZoneInfo

from bot.playground import files
from bot.playground.arguments import Arguments
from bot.playground.faults import Trouble
from bot.playground.memory import Memory
from bot.playground.messages import replies
from bot.playground.things import Channel, Json, Person, Refusal


def history(memory: Memory, given: Arguments) -> Json:
    """Newest first; of replies only those broadcast; nothing younger than the lag."""
    channel = _readable(memory, given)
    messages = [m for m in reversed(channel.messages.values()) if _in_channel(m)]
    return _page(memory, channel, messages, given)


def thread(memory: Memory, given: Arguments) -> Json:
    """The first message and then its replies, oldest first."""
    channel = _readable(memory, given)
    parent = channel.messages.get(given.need("ts"))
    if parent is None:
        raise Refusal("thread_not_found")
    return _page(memory, channel, [parent, *replies(channel, parent["ts"])], given)


def info(memory: Memory, given: Arguments) -> Json:
    channel = memory.channel(given.need("channel"))
    return {"channel": described(memory, channel)}


def members(memory: Memory, given: Arguments) -> Json:
    channel = memory.channel(given.need("channel"))
    start, size = _start(given), given.number("limit", 100, most=999)
    more = len(channel.members) > start + size
    return {"members": channel.members[start : start + size]} | _next(start + size, more)


def join(memory: Memory, given: Arguments) -> Json:
    channel = memory.channel(given.need("channel"))
    if channel.archived:
        raise Refusal("is_archived")
    if channel.partner or channel.private:
        raise Refusal("method_not_supported_for_channel_type")
    if memory.bot_user in channel.members:
        return {"channel": described(memory, channel), "warning": "already_in_channel"}
    channel.members.append(memory.bot_user)
    return {"channel": described(memory, channel)}


def open_direct(memory: Memory, given: Arguments) -> Json:
    person = memory.person(given.need("users"))
    if person.deleted:
        raise Refusal("user_disabled")
    return {"channel": {"id": memory.direct(person).id}}


def user(memory: Memory, given: Arguments) -> Json:
    person = memory.person(given.need("user"))
    return {"user": profile(memory, person, locale=given.flag("include_locale"))}


def users(memory: Memory, given: Arguments) -> Json:
    locale = given.flag("include_locale")
    everyone = [profile(memory, person, locale=locale) for person in memory.people.values()]
    return {"members": everyone, "response_metadata": {"next_cursor": ""}}


def usergroups(memory: Memory, given: Arguments) -> Json:
    groups = [asdict(group) for group in memory.usergroups.values()]
    if not given.flag("include_users"):
        for group in groups:
            del group["users"]
    return {"usergroups": groups}


def usergroup_users(memory: Memory, given: Arguments) -> Json:
    group = memory.usergroups.get(given.need("usergroup"))
    if group is None:
        raise Refusal("no_such_subteam")
    return {"users": list(group.users)}


def team(memory: Memory, _given: Arguments) -> Json:
    return {"team": {"id": memory.team_id, "name": memory.team, "domain": memory.team.lower()}}


def auth(memory: Memory, _given: Arguments) -> Json:
    return {
        "url": f"https://{memory.team.lower()}.slack.com/",
        "team": memory.team,
        "user": memory.people[memory.bot_user].name,
        "team_id": memory.team_id,
        "user_id": memory.bot_user,
        "bot_id": memory.bot_id,
        "is_enterprise_install": False,
    }


def described(memory: Memory, channel: Channel) -> Json:
    direct = channel.partner is not None
    what = {"id": channel.id, "is_im": direct, "is_channel": not direct}
    if direct:
        return what | {"user": channel.partner, "is_archived": channel.archived}
    return what | {
        "name": channel.name,
        "is_archived": channel.archived,
        "is_private": channel.private,
        "is_ext_shared": any(memory.people[id].is_stranger for id in channel.members),
        "is_member": memory.bot_user in channel.members,
        "num_members": len(channel.members),
        "topic": {"value": channel.topic},
    }


def profile(memory: Memory, person: Person, *, locale: bool = False) -> Json:
    """As users.info tells it; the locale only to who asks for it."""
    names = {"real_name": person.real_name, "display_name": person.name, "title": person.title}
    away = datetime.fromtimestamp(memory.now(), ZoneInfo(person.tz)).utcoffset()
    return ({"locale": person.locale} if locale else {}) | {
        "id": person.id,
        "team_id": person.team_id or memory.team_id,
        "name": person.name,
        "real_name": person.real_name,
        "deleted": person.deleted,
        "color": person.color,
        "is_bot": person.is_bot,
        "is_restricted": person.is_restricted,
        "is_ultra_restricted": person.is_ultra_restricted,
        "is_stranger": person.is_stranger,
        "tz": person.tz,
        "tz_offset": int(away.total_seconds()) if away else 0,
        "profile": names,
    }


def shown(memory: Memory, channel: Channel, message: Json) -> Json:
    """The message as it is told, with its files and what is known of its thread."""
    if message.get("files"):
        message = message | {"files": [files.told(memory, id) for id in message["files"]]}
    answers = replies(channel, message["ts"])
    if not answers:
        return message
    people = list(dict.fromkeys(answer["user"] for answer in answers))
    return message | {
        "reply_count": len(answers),
        "reply_users": people,
        "reply_users_count": len(people),
        "latest_reply": answers[-1]["ts"],
    }


def _readable(memory: Memory, given: Arguments) -> Channel:
    channel = memory.channel(given.need("channel"))
    if memory.bot_user not in channel.members:
        raise Refusal("not_in_channel")
    return channel


def _in_channel(message: Json) -> bool:
    reply = message.get("thread_ts", message["ts"]) != message["ts"]
    return not reply or message.get("subtype") == "thread_broadcast"


def _page(memory: Memory, channel: Channel, messages: list[Json], given: Arguments) -> Json:
    there = [message for message in messages if not _late(memory, message)]
    memory.faults.struck[Trouble.HISTORY_LAG] += len(there) < len(messages)
    wanted = [message for message in there if _wanted(message, given)]
    start, size = _start(given), min(given.number("limit", 100, most=999), memory.limits.page)
    more = len(wanted) > start + size
    page = wanted[start : start + size]
    found: Json = {"messages": [_told(memory, channel, message, given) for message in page]}
    return found | {"has_more": more} | _next(start + size, more)


def _next(start: int, more: bool) -> Json:
    cursor = b64encode(f"from:{start}".encode()).decode() if more else ""
    return {"response_metadata": {"next_cursor": cursor}}


def _told(memory: Memory, channel: Channel, message: Json, given: Arguments) -> Json:
    told = dict(shown(memory, channel, message))
    if not given.flag("include_all_metadata"):
        told.pop("metadata", None)
    return told


def _late(memory: Memory, message: Json) -> bool:
    """Whether history does not show it yet."""
    lag = memory.faults.history_lag
    return bool(lag) and memory.now() - float(message["ts"]) < lag


def _wanted(message: Json, given: Arguments) -> bool:
    return _between(message["ts"], given) or message["ts"] == given.word("ts")


def _between(ts: str, given: Arguments) -> bool:
    at, oldest, latest = Decimal(ts), _moment(given, "oldest"), _moment(given, "latest")
    if given.flag("inclusive"):
        return oldest <= at and (not latest or at <= latest)
    return oldest < at and (not latest or at < latest)


def _moment(given: Arguments, name: str) -> Decimal:
    try:
        return Decimal(given.word(name) or 0)
    except InvalidOperation:
        raise Refusal(f"invalid_ts_{name}") from None


def _start(given: Arguments) -> int:
    try:
        cursor = b64decode(given.word("cursor"), validate=True).decode()
        return int(cursor.removeprefix("from:") or 0)
    except (NotBase64, ValueError):
        raise Refusal("invalid_cursor") from None
