"""Who may do what: a team's rights, by person, user group or channel."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from bot.domain.problems import NotPossible, Ours

NAMED = 4  # of those who may, in a refusal


class Right(StrEnum):
    """What may be kept to some; a claim, a snooze and the like are anybody's but a guest's."""

    PUBLISH = "publish"
    APPROVE = "approve"
    DISMISS = "dismiss"  # what somebody else has
    REPLIES = "replies"  # change saved replies
    SETTINGS = "settings"
    EXPORT = "export"
    ERASE = "erase"


GUARDED = (Right.SETTINGS, Right.EXPORT, Right.ERASE)  # the manager's, where nothing is said
TO_DO = {
    Right.PUBLISH: Ours("publish answers"),
    Right.APPROVE: Ours("approve answers"),
    Right.DISMISS: Ours("dismiss what somebody else has"),
    Right.REPLIES: Ours("change saved replies"),
    Right.SETTINGS: Ours("change settings"),
    Right.EXPORT: Ours("export"),
    Right.ERASE: Ours("erase what is stored of a person"),
}


@dataclass(frozen=True)
class Who:
    """Somebody in Slack with the user groups and channels they are in, as far as roles name them.

    `guest`: a guest of the workspace, or somebody from another one.
    """

    id: str
    groups: Collection[str] = ()
    channels: Collection[str] = ()
    guest: bool = False


@dataclass(frozen=True)
class Roles:
    """Who has each right, by id: of a person (U, W), a user group (S), or a channel (C, G) for all
    in it. A right that is not in it is anybody's. `guests` are those who count as anybody although
    they are guests.
    """

    by_right: Mapping[Right, Sequence[str]] = field(default_factory=dict)
    guests: Sequence[str] = ()

    @property
    def ids(self) -> Sequence[str]:
        """All whom it names, each once: whose groups and channels must be known to judge."""
        named = (id for ids in self.by_right.values() for id in ids)
        return tuple(dict.fromkeys((*named, *self.guests)))


class NotAllowed(NotPossible):
    """Names those who can; with nobody named, everybody can who is no guest."""

    def __init__(self, right: Right, can: Sequence[str] = ()) -> None:
        shown = [_shown(id) for id in can]
        if not shown:
            told = Ours("Guests and people from elsewhere may not {do}. Ask a colleague.")
        elif len(shown) == 1:
            told = Ours("Only {last} may {do}. Ask them.")
        elif len(shown) <= NAMED:
            told = Ours("Only {some} and {last} may {do}. Ask one of them.")
        else:
            told = Ours("Only {some} and {more:,} more may {do}. Ask one of them.")
        some = shown[: NAMED - 1] if len(shown) > NAMED else shown[:-1]
        super().__init__(
            told,
            some=", ".join(some),
            last=shown[-1] if shown else "",
            more=len(shown) - len(some),
            do=TO_DO[right],
        )


class NotForGuests(NotPossible):
    """Names who can have them listed, if anybody is named."""

    def __init__(self, can: Sequence[str] = ()) -> None:
        if can:
            told = Ours("Guests and people from elsewhere may do nothing here. Ask {who}.")
        else:
            told = Ours("Guests and people from elsewhere may do nothing here. Ask a colleague.")
        super().__init__(told, who=", ".join(_shown(id) for id in can[:NAMED]))


def may(roles: Roles, right: Right, who: Who) -> bool:
    """Whether they have this right. A guest has it by their own id or a group's, or counts as
    anybody; that they are in a channel that has it is not enough, for a channel may be shared."""
    named = roles.by_right.get(right)
    if named is None:
        return _anybody(roles, who)
    if _anybody(roles, who):
        return _is_one_of(who, named)
    return _is_named(who, named)


def welcome(roles: Roles, who: Who) -> bool:
    """Whether they may do anything at all, such as claim: all but guests without a right."""
    return _anybody(roles, who) or any(_is_named(who, ids) for ids in roles.by_right.values())


def who_can(roles: Roles, right: Right) -> Sequence[str]:
    """The ids that have it; none: everybody who is no guest."""
    return roles.by_right.get(right, ())


def check(roles: Roles, right: Right, who: Who) -> None:
    """Raises NotAllowed where they have no such right."""
    if not may(roles, right, who):
        raise NotAllowed(right, who_can(roles, right))


def check_welcome(roles: Roles, who: Who) -> None:
    """Raises NotForGuests where they may do nothing."""
    if not welcome(roles, who):
        raise NotForGuests


def _anybody(roles: Roles, who: Who) -> bool:
    return not who.guest or _is_one_of(who, roles.guests)


def _is_one_of(who: Who, ids: Collection[str]) -> bool:
    return _is_named(who, ids) or not set(ids).isdisjoint(who.channels)


def _is_named(who: Who, ids: Collection[str]) -> bool:
    return who.id in ids or not set(ids).isdisjoint(who.groups)


def _shown(id: str) -> str:
    """As Slack shows it by its name."""
    if id.startswith("S"):
        return f"<!subteam^{id}>"
    return f"<#{id}>" if id.startswith(("C", "G")) else f"<@{id}>"
