"""What can be pressed on a card: exactly what can be done now."""

from datetime import datetime

from bot.domain.case import Case
from bot.domain.conversation import Conversation, State
from bot.domain.mention import Kind
from bot.slack.blocks import Element, button, option
from bot.slack.text import address
from bot.slack.words import on, whole_name


def buttons(case: Case, now: datetime) -> list[Element]:
    conversation = case.conversation
    if not conversation.open:
        return [_menu(case, now)] if conversation.state is not State.REPLYING else []
    if conversation.unsure:
        return [*_doubt(conversation), _menu(case, now)]
    return [*_last_word(conversation), *_answer(case), *_hand(case), _menu(case, now)]


def _last_word(conversation: Conversation) -> list[Element]:
    """A closing "thanks!" can be closed at once."""
    if not conversation.thanks:
        return []
    return [button("no_answer_needed", "No answer needed", conversation.id, style="primary")]


def _answer(case: Case) -> list[Element]:
    if case.latest.no_reply:
        return _there(case)
    says = f"Reply to {whole_name(case.customer)}"
    return [button("reply", "Reply", case.conversation.id, style=_style(case), says=says)]


def _style(case: Case) -> str:
    """At most one button of a card stands out."""
    return "" if case.conversation.thanks else "primary"


def _hand(case: Case) -> list[Element]:
    """Claim, take over what somebody else has, or settle what has been answered."""
    conversation, of = case.conversation, whole_name(case.customer)
    if conversation.thanks:
        return []
    if not conversation.waits:
        return [button("settle", "Settled", conversation.id, says=f"Settled: {of}")]
    if conversation.owner:
        return [button("take_over", "Take over", conversation.id, says=f"Take over {of}")]
    return [button("claim", "Claim", conversation.id, says=f"Claim {of}")]


def _there(case: Case) -> list[Element]:
    """Where the platform does not let us answer: open it there, and say when it is done."""
    conversation, url = case.conversation, address(case.latest.url)
    done = button("answered_there", "I answered there", conversation.id)
    if not url:
        return [done]
    label = f"Open {on(conversation.account)}"
    return [button("open", label, conversation.id, style=_style(case), url=url), done]


def _doubt(conversation: Conversation) -> list[Element]:
    return [
        button("it_is_there", "It is published", conversation.id, style="primary"),
        button("send_again", "It is not: send again", conversation.id),
    ]


def _menu(case: Case, now: datetime) -> Element:
    """At most five options: Slack takes no more."""
    conversation = case.conversation
    options = _decisions(conversation, now) if conversation.open else []
    if conversation.due_at:
        options.append(option("Why then?", f"why {conversation.id}"))
    options.append(option("History", f"history {conversation.id}"))
    return {"type": "overflow", "action_id": "menu", "options": options}


def _decisions(conversation: Conversation, now: datetime) -> list[Element]:
    """What can be decided without answering."""
    number = conversation.id
    if conversation.kind is Kind.COMPLAINT:
        verdict = option("Not a complaint", f"question {number}")
    else:
        verdict = option("It is a complaint", f"complaint {number}")
    if conversation.snoozed(now):
        pause = option("End the snooze", f"wake {number}")
    else:
        pause = option("Snooze…", f"snooze {number}")
    return [option("Dismiss…", f"dismiss {number}"), verdict, pause]
