"""What the bot writes down in English, and says in the language of whoever reads it."""

import re
from functools import cache
from string import Formatter

from bot.domain.health import Ails
from bot.slack.tongue import ENGLISH, N_, _, spoken

EMOJI = re.compile(r"(:\w+: )?(.*)", re.S)

GUESSES = (
    N_("a language that triage was not taught"),
    N_("none of the words the bot knows"),
    N_("what your team said of similar ones"),
    N_("words that are missing"),
    N_("triage that does not work at the moment"),
)
NO_REPLIES = (  # why platforms say that we can't answer
    N_("This account is protected: X lets no app answer it."),
    N_("Its author lets only some people answer, and not us."),
    N_(
        "It does not mention us, and X lets an app answer only people who do. Answer it in X"
        " itself."
    ),
    N_("The time in which its platform lets anybody answer is over."),
    N_("Mail to {address} can't be sent from here."),
    N_("Nobody reads mail to {address}."),
    N_("The mail has no address that could be answered."),
    N_("A feed can only be read. Open it there to answer."),
    N_("Hacker News takes no answers from apps. Open it there to answer."),
    N_("Stack Overflow takes no answers from apps. Open it there to answer."),
    N_("Its thread is locked: Reddit lets nobody answer there."),
    N_("Its thread is archived: Reddit lets nobody answer there any more."),
    N_("It is held for moderation, so nobody can read it yet. Approve it in WordPress first."),
    N_("It was flagged and is hidden, so nobody can read it. Show it again in Discourse first."),
    N_("YouTube holds this comment back for review. Publish it in YouTube Studio, then answer it."),
    N_(
        "YouTube takes this comment for spam. If it is not, publish it in YouTube Studio, then"
        " answer."
    ),
    N_("YouTube does not let our channel answer this comment."),
    N_("It is not on our Page, and Facebook lets no app answer it. Open it there to answer."),
    N_("It came by a webhook that takes no answers. Open it there to answer."),
    N_("It came by a form. Answer by mail, and mark it as answered."),
    N_("Call back and mark it as answered."),
    N_("It came by phone, so call them."),
    N_("It came at the counter, so tell them there, or call them."),
    N_("It came in the corridor, so tell them yourself."),
    N_("It came by letter, so write back."),
    N_("It came another way, so answer there."),
    N_("It is a message in Slack, so answer it there."),
)
DECISIONS = (  # why something was closed: what our own buttons and forms write down
    N_("no reason given"),
    N_("No answer needed"),
    N_("Not about us"),
    N_("Spam"),
    N_("Handled elsewhere"),
    N_("Another reason"),
    N_("answered there"),
    N_("The customer deleted it."),
    N_("It is from before the bot was set up."),
)

TAUGHT_AGAINST = N_(
    "{team} teaches triage nothing for now: {many} labels have next to nothing in common with what"
    " triage takes for a complaint. `/unanswered triage` tells more."
)
TAUGHT_ONE_KIND = N_(
    "{team} teaches triage nothing for now: all {many} labels say the same, so there is nothing"
    " to tell apart. `/unanswered triage` tells more."
)
ACCOUNT_GONE = N_("{account} is not among ADAPTERS any more.")
FILE_GONE = N_("{name} is not in Slack any more.")
IN_PART = N_("Only {done} of its {whole} posts are published.")
NOT_CORRECTED = N_("Answers can't be corrected there.")
NOT_WITHDRAWN = N_("Answers can't be withdrawn there.")
REFUSALS = (  # why an answer did not get through: our own words, and what platforms say most
    ACCOUNT_GONE,
    FILE_GONE,
    IN_PART,
    NOT_CORRECTED,
    NOT_WITHDRAWN,
    N_("X has this very answer from us already. Change a word and send it again."),
    N_("X lets an app answer only people who mention or quote us. Answer it in X itself."),
    N_("This post is deleted, or its author does not let us see it."),
    N_("The author has blocked us."),
    N_("X would not publish it: {why}"),
    N_("X would not delete it: {why}"),
    N_("X says that it has this answer already, but does not show it. Look in X itself."),
    N_("We have blocked the author. Unblock them on Bluesky first."),
    N_("Bluesky would not publish it: {why}"),
    N_("Bluesky would not delete it: {why}"),
    N_("X takes one GIF alone, or up to 4 other pictures."),
    N_("The mail server refused it: {why}"),
    N_("This comment is deleted, so nobody can answer it."),
    N_("The answer is deleted, so it can't be corrected."),
    N_(
        "WordPress has these very words from us already, as an answer to this comment. Change a"
        " word and send it again."
    ),
    N_("Comments are closed on this post. Open them in WordPress, and send it again."),
    N_(
        "WordPress says that it has this answer already, but does not show it. Look among its"
        " comments, also among spam."
    ),
    N_(
        "WordPress has taken the answer, but holds it back. Approve it there, among its comments or"
        " among spam."
    ),
    N_("WordPress would not do it: {why}"),
    N_("This post is deleted, or this account may not see it, so it can't be answered from here."),
    N_(
        "The answer may be published, but the post that it answers is deleted by now. Look in its"
        " topic."
    ),
    N_("Discourse keeps the answer until a moderator approves it. Look there, under Review."),
    N_("Discourse would not do it: {why}"),
    N_(
        "The answer to {customer} may have been sent, but it is not in the sent mail of {us}. Look"
        " into the mail server's log, or ask the customer, before you write again."
    ),
    N_("{platform} takes no files with an answer."),
    N_("{platform} takes at most {most} with an answer; these are {many} files."),
    N_("{platform} does not take {file}: it is {type}."),
    N_("The files are too large: {platform} takes {size} with an answer."),
    N_("{file} is too large: {platform} takes {size} a file."),
    N_("{file} is empty."),
    N_("This comment is deleted, or its author does not let us see it."),
    N_("This comment is deleted, hidden, or below a live video: nobody can answer it from here."),
    N_("This message is deleted, so nobody can answer it."),
    N_("The time for answering is over: the customer must write again first."),
    N_("They can't be written to at the moment. They may have blocked us."),
    N_("They have blocked the bot."),
    N_("Meta blocks what we write for a while, because it takes it for spam."),
    N_("Meta would not do it: {why}"),
    N_("Telegram would not do it: {why}"),
    N_("Telegram tells nobody what a bot has sent. Look in the chat whether the answer is there."),
    N_("Instagram shows no answers to mentions. Look there whether the answer is published."),
    N_(
        "WhatsApp does not say yet whether it has this answer. If it has, that shows here soon;"
        " look into the conversation before you send it again."
    ),
)

GAVE_YOU = N_("<@{by}> gave you #{number} from {customer}. Its clock runs on.")
TOOK_OVER = N_("<@{by}> took over #{number} from {customer} from you.")
GAVE = N_("<@{by}> gave #{number} from {customer}, which you had, to <@{to}>.")
HELP = N_(
    "{whom}, <@{by}> asks your team for help with #{number} from {customer} in <#{channel}>:"
    " {because}"
)
GIVEN_UP = N_(
    "I could not deliver `{key}` after {tries} tries: {why}. It is kept; `python -m bot outbox`"
    " lists it and can try again."
)
ONE_UNREADABLE = N_(
    "1 item on {account} could not be read, so there is no card. Look at {account} for what is"
    " missing here; `python -m bot outbox` shows what came."
)
UNREADABLE = N_(
    "{many} items on {account} could not be read, so there is no card. Look at {account} for what"
    " is missing here; `python -m bot outbox` shows what came."
)
LOST = N_("I can't read {account}: {why} I will go on trying and lose nothing.")
FOUND = N_("I can read {account} again and go on from where I was.")
SCHEDULE_LOST = N_(
    "The schedule at {where} can't be read, and its last state counts on. {why} I keep trying."
)
SCHEDULE_NEVER = N_(
    "The schedule at {where} can't be read, and nothing of it is known yet. {why} I keep trying."
)
SCHEDULE_FOUND = N_("The schedule at {where} can be read again.")
TEAM_SILENT = N_(
    "Nobody of {team} has answered, claimed or dismissed anything since {since}, for {span} of"
    " working time, and customers wait. `/unanswered` in <#{channel}> lists them."
)
TEAM_BACK = N_("{team} is back: <@{who}> works on what waits.")
TEAM_ANSWERS = N_("{team} is back: somebody has answered on the platform itself.")
TEAM_RESTS = N_("{team} was silent since {since}. Nobody waits any more.")
ACCOUNT_SILENT = N_(
    "Nothing has come from {account} since {since}, and usually {many} would have come. I read it"
    " without an error, so it may be broken where I can't see it. Look there: are there new posts"
    " or mail? Were rights, filters or forwarding changed? `python -m bot check` asks the account."
)
ACCOUNT_BACK = N_("{account} speaks again. Before this, nothing had come since {since}.")
SILENT_IN = N_("I can't speak in <#{channel}> ({error}). {mend} Nothing is lost: it waits.")
SILENT_TO = N_("I can't speak to <@{person}> ({error}). {mend} Nothing is lost: it waits.")
INVITE = N_("Invite the bot there: `/invite @Unanswered`.")
UNARCHIVE = N_("Unarchive it, or name another in teams.toml.")
CHECK = N_("Check `channel` in teams.toml, and invite the bot to it.")
NAME_ANOTHER = N_("Name somebody else in teams.toml.")
STUMBLED = N_(
    "I can't see to #{number}: {tries} tries ended in an error of mine ({why}). Look at"
    " it yourself; I try again once a day, and the log says more."
)
SET_BACK = N_(
    "My database is a copy from {since}: what I wrote into it later is gone, and with it claims,"
    " notes and dismissals. What platforms still show I read again. Look at the cards from that"
    " time, and claim or dismiss again what needs it."
)
AILING = {  # what is wrong with the bot itself, and what to do
    Ails.SOCKETS: N_(
        "No connection to Slack has lived since {since}, so clicks are lost. I keep trying, and end"
        " myself after five minutes to be started again. Look at status.slack.com."
    ),
    Ails.GHOSTS: N_(
        "Slack counts {many} connections more than I have opened, and sends clicks to them, where"
        " nobody hears them. Does somebody run me elsewhere with the same tokens? Stop that one, or"
        " restart me."
    ),
    Ails.TIMERS: N_(
        "A part of me, `{timer}`, has not moved since {since}. If that stays so, I end myself to be"
        " started again."
    ),
    Ails.DATABASE: N_("The database can't be used since {since}. Look whether it runs."),
    Ails.OUTBOX: N_(
        "Something waits to be delivered since {since}; in all it is {many}. `python -m bot outbox`"
        " says what and why."
    ),
    Ails.DEAD: N_(
        "What I could not deliver and gave up: {many}. `python -m bot outbox` lists it and can try"
        " again."
    ),
    Ails.NAGS: N_(
        "Nobody was called about #{number}, though that was due at {since}; in all it is {many}."
        " Answer it, and look for nag.failed in the log."
    ),
    Ails.CARDS: N_(
        "#{number} is a complaint from {since} that has no card, and none is on its way; in all it"
        " is {many}. `/unanswered {number}` shows it."
    ),
    Ails.CLOCK: N_(
        "My clock is {seconds} s off, compared with Slack's and the database's, and deadlines go by"
        " it. Let the machine set its clock."
    ),
    Ails.DISK: N_(
        "The disk that the database lies on is nearly full: {free} of {total} MB are free. Make"
        " room there."
    ),
    Ails.DOOR: N_(
        "Nobody takes in webhooks: `python -m bot web` does not run. Platforms try again for a"
        " while; start it before they give up."
    ),
}
WELL_AGAIN = {
    Ails.SOCKETS: N_("Connections to Slack live again."),
    Ails.GHOSTS: N_("Slack counts no more connections than I have opened."),
    Ails.TIMERS: N_("All parts of me move again."),
    Ails.DATABASE: N_("The database can be used again."),
    Ails.OUTBOX: N_("What had waited to be delivered is delivered."),
    Ails.DEAD: N_("Nothing is given up any more."),
    Ails.NAGS: N_("Everybody is called in time again."),
    Ails.CARDS: N_("Every complaint has its card again."),
    Ails.CLOCK: N_("My clock is right again."),
    Ails.DISK: N_("There is room on the disk again."),
    Ails.DOOR: N_("Webhooks are taken in again."),
}
NOTICES = (  # what the bot says about itself, and to whoever had a conversation
    GAVE_YOU,
    TOOK_OVER,
    GAVE,
    HELP,
    GIVEN_UP,
    ONE_UNREADABLE,
    UNREADABLE,
    LOST,
    FOUND,
    SCHEDULE_LOST,
    SCHEDULE_NEVER,
    SCHEDULE_FOUND,
    TEAM_SILENT,
    TEAM_BACK,
    TEAM_ANSWERS,
    TEAM_RESTS,
    ACCOUNT_SILENT,
    ACCOUNT_BACK,
    TAUGHT_AGAINST,
    TAUGHT_ONE_KIND,
    SILENT_IN,
    SILENT_TO,
    INVITE,
    UNARCHIVE,
    CHECK,
    NAME_ANOTHER,
    STUMBLED,
    SET_BACK,
    "somebody",
    *AILING.values(),
    *WELL_AGAIN.values(),
)
NO_NAME = N_("A name has small letters, digits and hyphens, such as care.")
TAKEN = N_("This channel is {team}'s already.")
HEARD = N_("{team} hears {account} already.")
NO_HOURS = N_(
    "“{line}” is not hours. Write a line for each, such as mon-fri 09:00-12:30, 13:30-18:00."
)
DAY_TWICE = N_("{day} has its hours already. Name each day once.")
NOT_READ = N_("It can't be read: {why}.")
SETTINGS = (  # what can be wrong in the form that makes a team
    NO_NAME,
    TAKEN,
    HEARD,
    NO_HOURS,
    DAY_TWICE,
    NOT_READ,
    N_('There is no time zone "{zone}". Did you mean "{other}"?'),
    N_('There is no time zone "{zone}". Write it as in "Europe/Berlin".'),
    N_('"{hours}" is no window. Write it as "09:00-17:00".'),
    N_('"{hours}" begins at 24:00. Write 00:00, on the next day.'),
    N_('"{hours}" has no length. Write 00:00-24:00 for round the clock.'),
    N_(
        '"{hours}" ends before it begins. Turn it round, or write "{other}+1" if it is meant to go'
        " on into the next day."
    ),
    N_("A window opens on its own day and is at most 24 hours long. Write two windows."),
    N_("{hour} is no time of day. Write 00:00 to 24:00."),
    N_("{day} is no day. Write mon, tue, wed, thu, fri, sat, sun, or mon-fri."),
    N_("It lists {many}; {most} can be looked for"),
    N_("Each has 1 to {most} characters, such as {such}"),
    N_("The team never works. Give it hours on a day that is not closed."),
    N_("So much working time does not come within ten years. Write less."),
)


def retold(text: str, known: tuple[str, ...]) -> str:
    """One of these sentences as it was filled in English, in the language spoken.

    What is none of them stays as it is, and so does what people and platforms have filled in.
    """
    if spoken() == ENGLISH:
        return text
    emoji, said = EMOJI.fullmatch(text).groups("")  # type: ignore[union-attr]
    for template in known:
        if found := _pattern(template).fullmatch(said):
            values = {name: _again(each, known) for name, each in found.groupdict().items()}
            return emoji + _(template).format(**values)
    return text


def _again(value: str, known: tuple[str, ...]) -> str:
    return _(value) if value in known else value


@cache
def _pattern(template: str) -> re.Pattern[str]:
    """What a sentence looks like once it is filled in; a name that comes twice is the same."""
    seen: set[str] = set()
    return re.compile("".join(_parts(template, seen)), re.S)


def _parts(template: str, seen: set[str]) -> list[str]:
    made = []
    for text, name, _format, _conversion in Formatter().parse(template):
        made.append(re.escape(text))
        if name is not None:
            made.append(f"(?P={name})" if name in seen else f"(?P<{name}>.+?)")
            seen.add(name)
    return made
