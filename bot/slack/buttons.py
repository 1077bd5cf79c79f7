"""What can be pressed on a card: exactly what can be done now."""

from bot.domain.case import Case
from bot.domain.conversation import Conversation, State
from bot.domain.mention import Kind
from bot.slack.blocks import Element, button, option
from bot.slack.text import address
from bot.slack.words import on, whole_name


def buttons(case: Case) -> list[Element]:
    conversation, latest = case.conversation, case.latest
    if not conversation.open:
        return [_menu(case)] if conversation.state is not State.REPLYING else []
    if conversation.unsure:
        return [*_doubt(conversation), _menu(case)]
    if latest.no_reply:
        return [*_there(case), _hand(case), _menu(case)]
    says = f"Reply to {whole_name(case.customer)}"
    reply = button("reply", "Reply", conversation.id, style="primary", says=says)
    return [reply, _hand(case), _menu(case)]


def _hand(case: Case) -> Element:
    """Claim, or take over what somebody else has."""
    conversation, of = case.conversation, whole_name(case.customer)
    if conversation.owner:
        return button("take_over", "Take over", conversation.id, says=f"Take over {of}")
    return button("claim", "Claim", conversation.id, says=f"Claim {of}")


def _there(case: Case) -> list[Element]:
    """Where the platform does not let us answer: open it there, and say when it is done."""
    conversation, url = case.conversation, address(case.latest.url)
    done = button("answered_there", "I answered there", conversation.id)
    if not url:
        return [done]
    label = f"Open {on(conversation.account)}"
    return [button("open", label, conversation.id, style="primary", url=url), done]


def _doubt(conversation: Conversation) -> list[Element]:
    return [
        button("it_is_there", "It is published", conversation.id, style="primary"),
        button("send_again", "It is not: send again", conversation.id),
    ]


def _menu(case: Case) -> Element:
    """At most five options: Slack takes no more."""
    conversation = case.conversation
    options = _decisions(conversation) if conversation.open else []
    options.append(option("History", f"history {conversation.id}"))
    if conversation.due_at:
        options.append(option("Why this deadline?", f"why {conversation.id}"))
    if url := address(case.latest.url):
        options.append(option(f"Open {on(conversation.account)}", f"open {conversation.id}", url))
    return {"type": "overflow", "action_id": "menu", "options": options}


def _decisions(conversation: Conversation) -> list[Element]:
    """What can be decided without answering; in doubt, only what it is."""
    number = conversation.id
    if conversation.kind is Kind.COMPLAINT:
        verdict = option("Not a complaint", f"question {number}")
    else:
        verdict = option("It is a complaint", f"complaint {number}")
    return [option("Dismiss…", f"dismiss {number}"), verdict]
