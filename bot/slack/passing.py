"""Passing on: to a colleague, a team, nobody; and two conversations or identities as one."""

import re
from collections.abc import Sequence

from bot.desk import CALLABLE, Desk
from bot.domain.case import Case
from bot.domain.problems import CannotMerge, CannotMove, NotPossible, Ours
from bot.domain.roles import NotForGuests
from bot.domain.team import Team
from bot.merging import Merging
from bot.slack import filled, handling_forms
from bot.slack.blocks import Element, option
from bot.slack.counter import DONE, Ack, Counter, Visit, errors
from bot.slack.forms import View
from bot.slack.handling_forms import Hands, Way
from bot.slack.text import clip, harmless
from bot.slack.tongue import _
from bot.slack.words import CALLED, platform, whole_name
from storage import conversations, customers, merges, search
from storage.conversations import Waiting
from storage.customers import Known
from storage.database import reading
from storage.search import EVERY, Asked, Sort

WHOM = re.compile(r"<(?:@|!subteam\^)([A-Z0-9]{3,})(?:\|[^>]*)?>")
MENTION = re.compile(r"^(?:<[@!][^>]*>|@\S+)\s*")
NUMBER = re.compile(r"(?:into|in|with|mit)?\s*#?([0-9]{1,18})", re.I)
BECAUSE = re.compile(r"^(?:because|weil|:|-|–)\s*", re.I)
MYSELF = ("me", "myself", "mir", "mich", "ich")
RECENT = 100  # conversations to merge with
FOUND = 50  # people who may be the same
REASON = 300


class Whom(NotPossible):
    def __init__(self, verb: str) -> None:
        super().__init__(
            Ours("Say who, as in `/unanswered {verb} 42 @ana`. Choose the name that Slack offers."),
            verb=verb,
        )


class NoColleague(NotPossible):
    def __init__(self, who: str) -> None:
        super().__init__(
            Ours("<@{who}> can't take it: they are a guest here, or have left. Choose another."),
            who=who,
        )


class WhichTeam(NotPossible):
    def __init__(self, teams: Sequence[str]) -> None:
        super().__init__(
            Ours("Say which team, as in `/unanswered move 42 press`. There are: {teams}."),
            teams=harmless(", ".join(teams), CALLED),
        )


class WhichOther(NotPossible):
    def __init__(self) -> None:
        super().__init__(
            Ours("Say which other one it belongs to, as in `/unanswered merge 42 into 41`.")
        )


class Passing:
    """Anybody may hand on what anybody has: who had it is told."""

    def __init__(self, desk: Desk, merging: Merging) -> None:
        self.desk, self.merging = desk, merging

    def counter(self) -> Counter:
        forms = {
            "hand_on": self.hand_on_form,
            "hand on": self.hand_on_form,
            "move": self.move_form,
            "merge": self.merge_form,
            "same": self.same_form,
            "weitergeben": self.hand_on_form,
            "verschieben": self.move_form,
            "zusammenführen": self.merge_form,
        }
        typed = {
            "assign": self._assign,
            "zuweisen": self._assign,
            "release": self._release,
            "let go": self._release,
            "loslassen": self._release,
            "escalate": self._escalate,
            "eskalieren": self._escalate,
            "move": self._move,
            "verschieben": self._move,
            "merge": self._merge,
            "zusammenführen": self._merge,
            "unmerge": self._unmerge,
        }
        return Counter(
            buttons={"way": self.turn, "part": self.part},
            forms=forms,
            sent={"hand_on": self.hand_on, "merge": self.merge, "same": self.same},
            typed=typed,
            offered={"customer_found": self.offer},
        )

    # Into other hands

    def hand_on_form(self, visit: Visit, number: int) -> View:
        return self._hand_on(visit, number, None)

    def move_form(self, visit: Visit, number: int) -> View:
        if len(list(self.desk.teams)) < 2:
            raise CannotMove(Ours("There is only one team, so it can't go to another."))
        return self._hand_on(visit, number, Way.TEAM)

    def turn(self, visit: Visit) -> None:
        """Another way was chosen in the form: ask for what that needs."""
        number = int(filled.opened_at(visit.body["view"])["conversation"])
        visit.update(self._hand_on(visit, number, Way(visit.value)))

    def _hand_on(self, visit: Visit, number: int, way: Way | None) -> View:
        case = self.desk.look(number)
        conversation, team = case.conversation, self.desk.team(case.conversation)
        conversation.take_over("", self.desk.now(), team)  # says why not
        others = [each for each in self.desk.teams if each.name != team.name]
        ways = [Way.COLLEAGUE, Way.HELP]
        ways += [Way.TEAM] if others else []
        ways += [Way.NOBODY] if conversation.owner else []
        chosen = way if way in ways else ways[0]
        above = _above(team, others)
        hands = Hands(way=chosen, ways=ways, team=team, teams=others, above=above, by=visit.by)
        return handling_forms.hand_on(case, hands)

    def hand_on(self, visit: Visit, view: View) -> Ack:
        number = int(filled.opened_at(view)["conversation"])
        way = Way(filled.chosen_in(view, "way"))
        if way is Way.COLLEAGUE:
            return self._given(visit, number, filled.person_in(view, "to"))
        if way is Way.HELP:
            return self._called(visit, number, view)
        if way is Way.TEAM:
            return self._moved(visit, number, filled.chosen_in(view, "team"))
        self.desk.release(number, visit.by)
        return DONE

    def _given(self, visit: Visit, number: int, to: str) -> Ack:
        try:
            self._must_be_colleague(visit, number, to)
        except NoColleague as problem:
            return errors("to", problem)
        self.desk.assign(number, to, visit.by)
        return DONE

    def _called(self, visit: Visit, number: int, view: View) -> Ack:
        """A person who was chosen by name goes before what the form offered."""
        named = filled.person_in(view, "whom")
        whom = named or filled.chosen_in(view, "above").removeprefix("team ")
        if not whom:
            field = "above" if "above" in view["state"]["values"] else "whom"
            return errors(field, NotPossible(_("Choose who is called.")))
        because = filled.text_in(view, "because").strip()
        if not because:
            return errors("because", NotPossible(_("Write why, in a few words.")))
        try:
            if named:
                self._must_be_colleague(visit, number, named)
        except NoColleague as problem:
            return errors("whom", problem)
        self.desk.escalate(number, whom, visit.by, clip(because, REASON))
        return DONE

    def _moved(self, visit: Visit, number: int, team: str) -> Ack:
        try:
            self.desk.move(number, team, visit.by)
        except CannotMove as problem:
            return errors("team", problem)
        return DONE

    def _must_be_colleague(self, visit: Visit, number: int, who: str) -> None:
        must_be_colleague(visit, self.desk.team_of(number), who)

    # As one

    def merge_form(self, _visit: Visit, number: int) -> View:
        case = self.desk.look(number)
        return handling_forms.merge(case, self._others(case))

    def merge(self, visit: Visit, view: View) -> Ack:
        number = int(filled.opened_at(view)["conversation"])
        try:
            self.merging.merge(int(filled.chosen_in(view, "into")), number, visit.by)
        except CannotMerge as problem:
            return errors("into", problem)
        return DONE

    def _others(self, case: Case) -> Sequence[Waiting]:
        """What else this person has written, newest first; what is merged goes on elsewhere."""
        with reading(self.desk.database) as db:
            theirs = customers.identities(db, case.conversation.customer)
            known = [each.id for each in conversations.with_customers(db, theirs)]
            numbers = [each for each in known if each != case.conversation.id]
            asked = Asked(states=EVERY, numbers=numbers, sort=Sort.NEWEST)
            return search.unanswered(db, asked, most=RECENT)

    def same_form(self, _visit: Visit, number: int) -> View:
        return self._same(number)

    def same(self, visit: Visit, view: View) -> Ack:
        """Who is found becomes one with the customer of this conversation."""
        number = int(filled.opened_at(view)["conversation"])
        found = int(filled.found_in(view, "customer", "customer_found"))
        try:
            with reading(self.desk.database) as db:
                customer = conversations.get(db, number).customer
            self.merging.join(found, customer, visit.by)
        except CannotMerge as problem:
            return errors("customer", problem)
        return DONE

    def part(self, visit: Visit) -> None:
        """They are two people after all."""
        self.merging.part(int(visit.value.partition(" ")[0]), visit.by)
        visit.update(self._same(visit.number))

    def offer(self, visit: Visit, typed: str) -> Sequence[Element]:
        """Customers who are called like that, by handle or name, but not who it is already."""
        number = int(filled.opened_at(visit.body["view"])["conversation"])
        with reading(self.desk.database) as db:
            theirs = customers.identities(db, conversations.get(db, number).customer)
            found = customers.called_like(db, typed, but=theirs, most=FOUND)
        return [option(_shown(each), str(each.id)) for each in found]

    def _same(self, number: int) -> View:
        case = self.desk.look(number)
        with reading(self.desk.database) as db:
            theirs = customers.identities(db, case.conversation.customer)
            named = zip(theirs, customers.all_of(db, theirs), strict=True)
            joined = [
                (id, whole_name(each))
                for id, each in named
                if merges.last(db, merges.CUSTOMER, id) is not None
            ]
        return handling_forms.same(case, joined)

    # What is typed

    def _assign(self, visit: Visit, number: int, rest: str) -> str:
        whom = visit.by if rest.strip().lower() in MYSELF else whom_in(visit)
        if not whom or whom.startswith("S"):
            raise Whom("assign")
        self._must_be_colleague(visit, number, whom)
        self.desk.assign(number, whom, visit.by)
        return _("<@{who}> has {number} now. Its clock runs on.").format(who=whom, number=number)

    def _release(self, visit: Visit, number: int, _rest: str) -> str:
        self.desk.release(number, visit.by)
        return _("Nobody has {number} now. Its clock runs on.").format(number=number)

    def _escalate(self, visit: Visit, number: int, rest: str) -> str:
        """Whom first: a colleague, a group, or a team by its name; then why."""
        whom, why = whom_in(visit), MENTION.sub("", rest.strip())
        if not whom:
            whom, _space, why = rest.strip().partition(" ")
            whom = self._team_named(whom.rstrip(":,"))
        if not whom:
            raise Whom("escalate")
        because = BECAUSE.sub("", why.strip())
        self.desk.escalate(number, whom, visit.by, clip(because, REASON))
        return _("They are called in the thread of {number}.").format(number=number)

    def _move(self, visit: Visit, number: int, rest: str) -> str:
        wanted = re.sub(r"^(?:to|an|zu|nach)\s+", "", rest.strip(), flags=re.I)
        team = self._team_named(wanted)
        if not team:
            raise WhichTeam([each.name for each in self.desk.teams])
        self.desk.move(number, team, visit.by)
        told = _("{number} is {team}'s now. Its card comes in <#{channel}>.")
        channel = self.desk.teams[team].channel
        return told.format(number=number, team=harmless(team, CALLED), channel=channel)

    def _merge(self, visit: Visit, number: int, rest: str) -> str:
        found = NUMBER.fullmatch(rest.strip())
        if not found:
            raise WhichOther
        into = int(found[1])
        self.merging.merge(into, number, visit.by)
        told = _("{number} goes on in {into} now. `/unanswered unmerge {number}` undoes that.")
        return told.format(number=number, into=into)

    def _unmerge(self, visit: Visit, number: int, _rest: str) -> str:
        self.merging.unmerge(number, visit.by)
        return _("{number} is a conversation of its own again.").format(number=number)

    def _team_named(self, word: str) -> str:
        """As the team is really called; "" where none is."""
        names = {each.name.casefold(): each.name for each in self.desk.teams}
        return names.get(word.strip().casefold(), "")


def must_be_colleague(visit: Visit, team: Team, who: str) -> None:
    """What a guest has, or somebody who has left, nobody has."""
    try:
        visit.roster.admit(who, [team])
    except NotForGuests as problem:
        raise NoColleague(who) from problem
    if visit.roster.members.get(who).gone:
        raise NoColleague(who)


def whom_in(visit: Visit) -> str:
    """The first person or group that was named in a command; "" where nobody was."""
    found = WHOM.search(str(visit.body.get("text") or ""))
    return found[1] if found else ""


def _above(team: Team, others: Sequence[Team]) -> Sequence[str]:
    """Whom its own ladder calls, and the other teams."""
    called = [rung.call for rung in team.ladder if CALLABLE.fullmatch(rung.call)]
    return list(
        dict.fromkeys(
            [
                *([team.manager] if team.manager else []),
                *called,
                *(f"team {each.name}" for each in others),
            ]
        )
    )


def _shown(known: Known) -> str:
    return f"{platform(known.customer.platform)} · {whole_name(known.customer)}"
