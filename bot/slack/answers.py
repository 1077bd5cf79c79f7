"""Answering: the form in which an answer is written, its preview, and what becomes of it."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import structlog

from bot.answering import Answering
from bot.desk import Desk, must_be_soon
from bot.domain.approval import Why, check_other
from bot.domain.case import Case
from bot.domain.mention import Mention, storable
from bot.domain.parts import NoRoom, TooManyParts
from bot.domain.problems import (
    CannotPromise,
    CannotReplyHere,
    NothingToApprove,
    NothingWritten,
    NotPossible,
    Ours,
    TooLong,
    Unfilled,
)
from bot.domain.reply import Reply
from bot.domain.roles import Right
from bot.domain.saved import Saved, choose, fill, first_name, put_in, unfilled
from bot.domain.team import Team
from bot.domain.warnings import warnings
from bot.slack import filled, forms, previews, reply_forms, times
from bot.slack.blocks import Element, option
from bot.slack.counter import DONE, Ack, Counter, Visit, errors, instead, on_top
from bot.slack.forms import View
from bot.slack.members import Members
from bot.slack.previews import mention_of
from bot.slack.reply_forms import ANSWER, CHANGE, FILES, LOOKED, REPLY, SAVED, VARIABLE, Sheet
from bot.slack.text import clip, one_line
from bot.slack.tongue import told
from bot.slack.words import called, megabytes, platform
from storage import customers, people, saved_replies
from storage.database import reading

log = structlog.get_logger()

DESCRIBED = 75  # of a saved reply, in the menu
NO_HOLDING = Ours(
    "No saved reply is marked as holding for this team. `/unanswered replies` marks one: Change…,"
    " then tick the box."
)
NO_ACCOUNT = NotPossible(Ours("its account is not set up any more."))
ABOUT_THE_TEXT = (TooLong, TooManyParts, NoRoom, NothingWritten, CannotReplyHere)


class TooManyFiles(NotPossible):
    """Says which files an answer there can't carry."""


class Answers:
    """The only way in which words become an answer is the reply form, and its preview."""

    def __init__(self, desk: Desk, answering: Answering, members: Members) -> None:
        self.desk, self.answering, self.members = desk, answering, members
        self.database = desk.database

    def counter(self) -> Counter:
        return Counter(
            buttons={
                "reply": self.press_reply,
                ANSWER: self.type,
                SAVED: self.pick,
                "change": lambda visit: visit.open(lambda: self.change_form(visit, visit.number)),
            },
            forms={
                "reply": self.reply_form,
                "holding": self.holding_form,
                "change": self.change_form,
            },
            opened=dict.fromkeys(
                ("reply", "holding"), lambda visit: self._renew(visit, visit.number)
            ),
            sent={"reply": self.preview, "publish": self.publish},
            closed={"reply": self.close},
            offered={SAVED: self.offer},
        )

    # Writing

    def press_reply(self, visit: Visit) -> None:
        visit.open(lambda: self.reply_form(visit, visit.number))
        self._renew(visit, visit.number)

    def reply_form(self, visit: Visit, number: int) -> View:
        case = self._to_be_answered(visit, number)
        text = self.answering.draft(number, visit.by)
        return reply_forms.reply(self._sheet(visit, case, case.latest, text))

    def holding_form(self, visit: Visit, number: int) -> View:
        """With approved words in it, and a promise of another word: published like any other."""
        saved = self._holding(self.desk.look(number))
        case = self._to_be_answered(visit, number)
        typed = self.answering.draft(number, visit.by)
        text = self._before(saved, typed, self._values(visit, case))
        self.answering.keep_draft(number, visit.by, text)
        sheet = self._sheet(visit, case, case.latest, text, round=1)
        promised = sheet.keep or next((at for _, at in sheet.promises), None)
        return reply_forms.reply(replace(sheet, promised=promised))

    def _holding(self, case: Case) -> Saved:
        """The one that fits best: in the customer's language, the team's own."""
        team = case.conversation.team
        with reading(self.database) as db:
            marked = saved_replies.holding(db, team)
        found = choose(marked, team, self._languages(case))
        if not found:
            raise NotPossible(NO_HOLDING)
        return found[0]

    def _to_be_answered(self, visit: Visit, number: int) -> Case:
        """Raises why this person can't answer it, before they write in vain."""
        case = self.desk.look(number)
        conversation, now = case.conversation, self.desk.now()
        team = self.desk.team(conversation)
        visit.must(Right.PUBLISH, team)
        if visit.rest:  # words that were typed behind a command are kept, come what may
            self.answering.keep_draft(number, visit.by, visit.rest)
        conversation.reply(visit.by, now, team)  # says why not, before anybody writes in vain
        why = case.latest.unanswerable(now)
        if why or self.desk.ability(case.latest.account) is None:
            raise CannotReplyHere(why or NO_ACCOUNT)
        self.answering.begin_draft(number, visit.by, visit.rest)
        return case

    def change_form(self, visit: Visit, number: int) -> View:
        """What somebody else wrote, for a second person to change."""
        case = self.desk.look(number)
        proposed = self._proposed(visit, case)
        self.answering.keep_draft(number, visit.by, proposed.text)
        at = mention_of(case, proposed.mention)
        return reply_forms.reply(self._sheet(visit, case, at, proposed.text, what=CHANGE))

    def type(self, visit: Visit) -> None:
        """A key was pressed in the open form."""
        about = filled.opened_at(visit.body["view"])
        self.answering.keep_draft(int(about["conversation"]), visit.by, storable(visit.value))

    def close(self, visit: Visit, view: View) -> None:
        """The form was given up; what was typed in it stays."""
        self.answering.stop_writing(int(filled.opened_at(view)["conversation"]), visit.by)

    def offer(self, visit: Visit, typed: str) -> Sequence[Element]:
        """Saved replies with these words, those in the customer's language first."""
        number = int(filled.opened_at(visit.body["view"])["conversation"])
        with reading(self.database) as db:
            everything = saved_replies.everything(db)
        case = self.desk.look(number)
        found = choose(everything, case.conversation.team, self._languages(case), typed)
        return [_offered(one.id, one.name, one.text, one.language) for one in found]

    def pick(self, visit: Visit) -> None:
        """The saved reply comes first, and what was typed already stays below it."""
        view = visit.body["view"]
        about, typed = filled.opened_at(view), filled.answer_in(view)
        with reading(self.database) as db:
            saved = saved_replies.get(db, int(visit.value))
        if saved is None:
            raise NotPossible(Ours("Somebody has removed this saved reply. Choose another."))
        case = self.desk.look(int(about["conversation"]))
        text = self._before(saved, typed, self._values(visit, case))
        self.answering.keep_draft(case.conversation.id, visit.by, text)
        at, round = mention_of(case, int(about["mention"])), int(about.get("round", 0)) + 1
        visit.update(
            reply_forms.reply(
                self._sheet(visit, case, at, text, what=about.get("what", REPLY), round=round)
            )
        )

    def _before(self, saved: Saved, typed: str, values: Mapping[str, str]) -> str:
        """The saved words, and below them what was typed already; once, if they stand there."""
        text = fill(saved.text, values).text
        if typed.startswith(text):
            return typed
        return clip("\n\n".join(filter(str.strip, [text, typed])), forms.INPUT)

    # Before it goes

    def preview(self, visit: Visit, view: View) -> Ack:
        """Keep what was typed first, then show it as it will be read."""
        about, number = filled.opened_at(view), int(filled.opened_at(view)["conversation"])
        field = reply_forms.answer_field(int(about.get("round", 0)))
        text = put_in(filled.answer_in(view), filled.variables_in(view))
        self.answering.keep_draft(number, visit.by, text)
        case, files = self.desk.look(number), filled.files_in(view)
        promised_for, when = filled.promise_in(view)
        try:
            at = self._may_answer(visit, case, about, filled.place_in(view))
            if promised_for:
                must_be_soon(promised_for, self.desk.now(), CannotPromise)
            self._must_carry(at, files)
            sign = self._sign(visit, case, about.get("what", REPLY))
            posts = self.answering.prepare(at, text, sign=sign, files=len(files))
        except CannotPromise as problem:
            return errors(when, problem)
        except TooManyFiles as problem:
            return errors(FILES, problem)
        except Unfilled as problem:
            return errors(_asked_for(text, about) or field, problem)
        except ABOUT_THE_TEXT as problem:
            return errors(field, problem)
        except NotPossible as problem:
            return instead(forms.too_late(told(problem), text))
        kept = _kept(about, at, promised_for, files)
        return on_top(previews.preview(self._proof(visit, case, at, posts, kept)))

    def publish(self, visit: Visit, view: View) -> Ack:
        """Exactly what was shown; pressing twice is one answer."""
        about, key = filled.opened_at(view), str(view["root_view_id"])
        number = int(about["conversation"])
        text = self.answering.kept(number, visit.by)
        if self.answering.accepted(key):
            return DONE
        case = self.desk.look(number)
        try:
            at = self._may_answer(visit, case, about, int(about["mention"]))
            sign = self._sign(visit, case, about.get("what", REPLY))
            posts = self.answering.prepare(at, text, sign=sign, files=len(about["files"]))
            proof = self._proof(visit, case, at, posts, about)
            if about["shown"] != proof.about["shown"]:
                return instead(previews.preview(proof))
            if proof.to_be_looked_at and not filled.looked_in(view):
                return self._look_first(view, proof)
            self._send(visit, about, text, key, sign)
        except NotPossible as problem:
            if self.answering.accepted(key):  # by a press of theirs in the same moment
                return DONE
            return instead(forms.too_late(told(problem), text))
        return DONE

    def _send(self, visit: Visit, about: dict[str, Any], text: str, key: str, sign: str) -> None:
        number = int(about["conversation"])
        if about["what"] == CHANGE:
            self.answering.change(number, visit.by, text, key=key, sign=sign)
            return
        self.answering.reply(
            number,
            visit.by,
            text,
            mention=int(about["mention"]),
            key=key,
            promised_for=_moment(about["promised_for"]),
            sign=sign,
            files=about["files"],
        )

    def _look_first(self, view: View, proof: previews.Proof) -> Ack:
        """They were asked and did not say so, or there was nothing to ask when it was drawn."""
        if any(block.get("block_id") == LOOKED for block in view["blocks"]):
            return errors(LOOKED, NotPossible(Ours("Look at it once more, then say so here.")))
        return instead(previews.preview(proof))

    def _may_answer(self, visit: Visit, case: Case, about: dict[str, Any], mention: int) -> Mention:
        """What is answered; raises why this person can't do that now."""
        conversation, team = case.conversation, self.desk.team(case.conversation)
        if about.get("what") == CHANGE:
            if self._proposed(visit, case).key != about.get("proposed"):
                raise NothingToApprove
        else:
            visit.must(Right.PUBLISH, team)
            conversation.reply(visit.by, self.desk.now(), team)
        return mention_of(case, mention)

    def _proof(
        self,
        visit: Visit,
        case: Case,
        at: Mention,
        posts: Sequence[str],
        about: dict[str, Any],
    ) -> previews.Proof:
        conversation, team = case.conversation, self.desk.team(case.conversation)
        ability = self.desk.ability(at.account)
        assert ability, "what can be prepared has an adapter"
        change, why = about["what"] == CHANGE, self.answering.why_approval
        shown = _digest(at, posts)
        return previews.Proof(
            case=case,
            at=at,
            ability=ability,
            posts=posts,
            about={**about, "shown": shown},
            what=about["what"],
            files=about["files"],
            promised_for=_moment(about["promised_for"]),
            why=Why("") if change else Why(why(team, conversation, visit.by)),
            warnings=warnings("\n\n".join(posts), public=at.public, watch=team.watch),
            overt=at.public and not case.latest.public and conversation.waits,
            anew=about.get("shown", shown) != shown,
        )

    # How

    def _sheet(
        self,
        visit: Visit,
        case: Case,
        at: Mention,
        text: str,
        *,
        what: str = REPLY,
        round: int = 0,
    ) -> Sheet:
        conversation, now = case.conversation, self.desk.now()
        team, ability = self.desk.team(conversation), self.desk.ability(at.account)
        if ability is None:
            raise CannotReplyHere(NO_ACCOUNT)
        return Sheet(
            case=case,
            ability=ability,
            at=at,
            now=now,
            zone=team.calendar.zone,
            text=text,
            what=what,
            proposed=conversation.proposed or "",
            places=_places(case, self.desk.now()) if what == REPLY else (),
            promises=times.promises(team.calendar, now),
            keep=times.to_keep(conversation.promised_for, team.calendar, now),
            sign=self._sign(visit, case, what),
            writing=self.answering.writing(conversation.id, but=visit.by),
            choosing=what == REPLY and self._has_saved(team),
            missing=unfilled(text),
            round=round,
        )

    def _has_saved(self, team: Team) -> bool:
        with reading(self.database) as db:
            return any(one.team in ("", team.name) for one in saved_replies.everything(db))

    def _sign(self, visit: Visit, case: Case, what: str) -> str:
        """The author's own signature, or else their team's with their name in it.

        Who changes somebody else's answer does not become its author.
        """
        author = case.reply.author if what == CHANGE and case.reply else visit.by
        team = self.desk.team(case.conversation)
        with reading(self.database) as db:
            own = people.signature(db, author)
        if own or not team.signature:
            return own
        return fill(team.signature, self._who(author) | {"team": team.name}).text

    def _who(self, person: str) -> dict[str, str]:
        name = called(self.members.name(person))
        initials = "".join(word[0] for word in name.split() if word[0].isalnum()).upper()
        return {"agent": first_name(name) or name, "agent_initials": initials}

    def _values(self, visit: Visit, case: Case) -> dict[str, str]:
        """What the places of a saved reply mean here; an order's number we never know."""
        conversation, customer = case.conversation, case.customer
        return self._who(visit.by) | {
            "first_name": first_name(customer.name),
            "name": customer.name,
            "handle": customer.handle,
            "team": conversation.team,
            "platform": platform(conversation.account),
            "conversation": str(conversation.id),
        }

    def _languages(self, case: Case) -> Sequence[str]:
        """What the customer reads, as far as anybody knows."""
        with reading(self.database) as db:
            known, _zone = customers.ways(db, case.conversation.customer)
        team = self.desk.team(case.conversation)
        spoken = (known, case.conversation.language, case.latest.language, team.language)
        return [each for each in spoken if each]

    def _proposed(self, visit: Visit, case: Case) -> Reply:
        """What waits for this person to approve it."""
        visit.must(Right.APPROVE, self.desk.team(case.conversation))
        reply = self.answering.proposed(case.conversation)
        check_other(reply.author, visit.by)
        return reply

    def _must_carry(self, at: Mention, files: Sequence[dict[str, Any]]) -> None:
        """Files that the platform would refuse are refused at the field, before anything goes."""
        ability = self.desk.ability(at.account)
        allowed = ability.files if ability else None
        if not files:
            return
        if allowed is None:
            raise TooManyFiles(Ours("An answer there carries no files. Take them out."))
        if len(files) > allowed.count:
            raise TooManyFiles(
                Ours("These are {many:,} files; an answer there carries {most:,} at most."),
                many=len(files),
                most=allowed.count,
            )
        for file in files:
            if not allowed.takes(file["type"]):
                raise TooManyFiles(WRONG_TYPE, name=file["name"], type=file["type"])
            if file["size"] > allowed.size:
                size = megabytes(allowed.size)
                raise TooManyFiles(TOO_LARGE, name=file["name"], size=size)
        if allowed.total is not None and sum(file["size"] for file in files) > allowed.total:
            size = megabytes(allowed.total)
            raise TooManyFiles(TOO_LARGE_TOGETHER, size=size)

    def _renew(self, visit: Visit, number: int) -> None:
        """Whoever opens the reply form is at work on it. Nobody waits for that, or hears of it."""
        try:
            self.desk.renew(number, visit.by)
        except Exception as problem:
            log.warning("claim.not_renewed", conversation=number, exc_info=problem)


WRONG_TYPE = Ours("The platform does not take {name}: it is {type}. Take it out.")
TOO_LARGE = Ours("{name} is too large: the platform takes {size} a file. Take it out.")
TOO_LARGE_TOGETHER = Ours("Together they are too large: the platform takes {size} with an answer.")


def _places(case: Case, now: datetime) -> Sequence[Mention]:
    """The latest in private and the latest in public, that of the customer's last words first."""
    standing = [m for m in case.heard if not m.deleted and not m.unanswerable(now)]
    last = {mention.public: mention for mention in standing}
    if len(last) < 2:
        return ()
    return sorted(last.values(), key=lambda mention: mention.public != case.latest.public)


def _offered(id: int, name: str, text: str, language: str) -> Element:
    label = f"{name} ({language})" if language else name
    described = {"type": "plain_text", "text": clip(one_line(text), DESCRIBED) or " "}
    return option(one_line(label) or "…", str(id)) | {"description": described}


def _kept(
    about: dict[str, Any],
    at: Mention,
    promised_for: datetime | None,
    files: Sequence[dict[str, Any]],
) -> dict[str, Any]:
    """What the preview must come back with; the words themselves are in the draft."""
    return {
        "conversation": about["conversation"],
        "mention": at.id,
        "what": about.get("what", REPLY),
        "proposed": about.get("proposed", ""),
        "promised_for": int(promised_for.timestamp()) if promised_for else None,
        "files": list(files),
    }


def _digest(at: Mention, posts: Sequence[str]) -> str:
    """What was shown, so that nothing else is ever published by it."""
    return hashlib.sha256(json.dumps([at.id, *posts]).encode()).hexdigest()


def _moment(stamp: int | None) -> datetime | None:
    return datetime.fromtimestamp(stamp, UTC) if stamp else None


def _asked_for(text: str, about: dict[str, Any]) -> str:
    """The field for the first place that is still empty, if the form has one."""
    asked = [name for name in unfilled(text) if name in about.get("missing", [])]
    return VARIABLE + asked[0] if asked else ""
