"""What the bot might send, as short as a test wants it."""

CARE = "C0CARE"
LIVE = {"type": "mrkdwn", "text": "<!here>"}


def plain(text):
    return {"type": "plain_text", "text": text}


def button(action_id, value="1", **more):
    return {"type": "button", "action_id": action_id, "value": value, "text": plain("Do"), **more}


def actions(*elements, **more):
    return {"type": "actions", "elements": list(elements), **more}


def field(action_id="text", block_id="words", **more):
    element = {"type": "plain_text_input", "action_id": action_id, **more}
    return {"type": "input", "block_id": block_id, "label": plain("Words"), "element": element}


def modal(*blocks, **more):
    blocks = list(blocks) or [field()]
    titles = {"title": plain("A form"), "submit": plain("Send"), "callback_id": "form"}
    return {"type": "modal", "blocks": blocks, **titles, **more}


def refused(workspace, method, token=None, **params):
    return workspace.call(method, params, token).body.get("error")


def posted(slack, text="hello", **more):
    return slack.chat_postMessage(channel=CARE, text=text, **more)["ts"]


def opened(workspace, person="U0ANA", view=None):
    trigger = workspace.new_trigger(person)
    params = {"trigger_id": trigger, "view": view or modal()}
    answer = workspace.call("views.open", params)
    return answer.body["view"]
