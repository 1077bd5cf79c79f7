"""The playground's workspace behind the real client's one method, and people who press things."""

import http.client
import json
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from contextlib import contextmanager
from itertools import chain
from typing import Any

from slack_bolt import App, BoltRequest, BoltResponse
from slack_sdk import WebClient
from slack_sdk.web import SlackResponse
from slack_sdk.web.file_upload_v2_result import FileUploadV2Result

from bot.playground import files
from bot.playground.choices import options
from bot.playground.things import Answer, Envelope, Impossible, Refusal
from bot.playground.workspace import Workspace
from bot.slack import later

LOST = {
    "closed": http.client.RemoteDisconnected("Remote end closed connection without response"),
    "reset": ConnectionResetError(104, "Connection reset by peer"),
}


class FakeSlack(WebClient):
    """Refuses what Slack refuses, forgets nothing, and loses answers when it is told to."""

    def __init__(self, workspace: Workspace, **settings: Any) -> None:
        settings = {"token": workspace.bot_token, "retry_handlers": []} | settings
        super().__init__(base_url=f"{workspace.url}api/", **settings)
        self.workspace = workspace
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.fail_before: BaseException | None = None
        self.fail_after: BaseException | None = None

    def api_call(self, api_method: str, **request: Any) -> SlackResponse:
        """Every call of the SDK ends here."""
        params = _sent(request)
        token = params.pop("token", None) or self.token or ""
        self.calls.append((api_method, params))
        self._fail("fail_before")
        answer = self.workspace.call(api_method, params, token)
        self._fail("fail_after")
        self._lose(answer)
        return self._response(api_method, request, answer).validate()

    def _upload_file(self, *, url: str, data: bytes, **_: Any) -> FileUploadV2Result:
        """The one thing of the SDK that does not end in `api_call`."""
        self.calls.append(("upload", {"url": url, "length": len(data)}))
        self._fail("fail_before")
        try:
            self.workspace.receive(url.rpartition("/")[2], data)
        except Refusal as refusal:
            return FileUploadV2Result(status=400, body=str(refusal))
        self._fail("fail_after")
        return FileUploadV2Result(status=200, body=f"OK - {len(data)}")

    def download(self, url: str, token: str | None = None) -> bytes | None:
        """What lies at a `url_private`; None where Slack would ask to sign in."""
        id = url.partition("/files-pri/")[2].partition("/")[0].partition("-")[2]
        found = self.workspace.read(id, self.token or "" if token is None else token)
        return files.content(found) if found else None

    @property
    def messages(self) -> dict[str, dict[str, Any]]:
        """All messages everywhere, oldest first, by their timestamp."""
        said = chain(*(channel.messages.items() for channel in self.workspace.channels.values()))
        return dict(sorted(said, key=lambda message: float(message[0])))

    @property
    def whispers(self) -> list[dict[str, Any]]:
        return self.workspace.whispers

    @property
    def views(self) -> list[dict[str, Any]]:
        """The forms that are open now, the topmost last."""
        return [view for stack in self.workspace.stacks.values() for view in stack]

    def _fail(self, when: str) -> None:
        problem = getattr(self, when)
        setattr(self, when, None)
        if problem:
            raise problem

    def _lose(self, answer: Answer) -> None:
        if answer.lost:
            raise LOST[answer.lost]
        if answer.delay >= self.timeout:
            raise TimeoutError("The read operation timed out")

    def _response(self, method: str, request: dict[str, Any], answer: Answer) -> SlackResponse:
        return SlackResponse(
            client=self,
            http_verb="POST",
            api_url=f"{self.base_url}{method}",
            req_args=request,
            data=json.loads(json.dumps(answer.body)),
            headers=answer.headers | _small_letters(answer.headers),
            status_code=answer.status,
        )


class AtOnce(Executor):
    """For Bolt's `listener_executor`: a listener is through when `press` returns."""

    def submit(self, act: Callable[..., Any], /, *args: Any, **named: Any) -> Future[Any]:
        future: Future[Any] = Future()
        try:
            future.set_result(act(*args, **named))
        except Exception as problem:
            future.set_exception(problem)
        return future


def press(
    bolt: App,
    workspace: Workspace,
    person: str,
    channel: str,
    ts: str,
    action_id: str,
    value: Any = None,
    block_id: str | None = None,
) -> BoltResponse:
    """Press what is in the message now: a button, or with its value an option or one of several."""
    with _only_what_is_there():
        envelope = workspace.press(person, channel, ts, action_id, block_id=block_id, value=value)
    return deliver(bolt, workspace, envelope)


def act(
    bolt: App,
    workspace: Workspace,
    person: str,
    view_id: str,
    action_id: str,
    value: Any = None,
    block_id: str | None = None,
) -> BoltResponse:
    """Press something in an open form or in the home tab."""
    with _only_what_is_there():
        envelope = workspace.act(person, view_id, action_id, block_id=block_id, value=value)
    return deliver(bolt, workspace, envelope)


def press_in_view(
    bolt: App,
    workspace: Workspace,
    person: str,
    view_id: str,
    action_id: str,
    value: Any = None,
) -> BoltResponse:
    """Press a button in an open form; the same as `act`."""
    return act(bolt, workspace, person, view_id, action_id, value)


def change(
    bolt: App,
    workspace: Workspace,
    person: str,
    view_id: str,
    block_id: str,
    action_id: str,
    value: Any,
) -> BoltResponse:
    """Type or choose in an input whose block has `dispatch_action`; it stays filled in."""
    return act(bolt, workspace, person, view_id, action_id, value, block_id)


def suggest(
    bolt: App, workspace: Workspace, person: str, view_id: str, action_id: str, typed: str
) -> list[dict[str, Any]]:
    """Type in an external select; the options that are then offered, of all groups together."""
    with _only_what_is_there():
        envelope = workspace.suggest(person, view_id, action_id, typed)
    deliver(bolt, workspace, envelope)
    return options(workspace.offered(envelope))


def shortcut(bolt: App, workspace: Workspace, person: str, callback_id: str) -> BoltResponse:
    """Choose a global shortcut."""
    with _only_what_is_there():
        envelope = workspace.shortcut(person, callback_id)
    return deliver(bolt, workspace, envelope)


def message_shortcut(
    bolt: App, workspace: Workspace, person: str, channel: str, ts: str, callback_id: str
) -> BoltResponse:
    """Choose a shortcut in a message's menu."""
    with _only_what_is_there():
        envelope = workspace.message_shortcut(person, channel, ts, callback_id)
    return deliver(bolt, workspace, envelope)


def join(
    bolt: App, workspace: Workspace, channel: str, who: str = "", by: str = "U0ANA"
) -> BoltResponse | None:
    """Somebody invites the bot, or `who`, into a channel; no response where it hears nothing."""
    with _only_what_is_there():
        envelope = workspace.invite(by, channel, who)
    return deliver(bolt, workspace, envelope) if envelope else None


def submit(
    bolt: App, workspace: Workspace, person: str, view_id: str, values: dict[str, Any]
) -> BoltResponse:
    """Send a form; values by block and action, or simply by one of the two."""
    with _only_what_is_there():
        envelope = workspace.submit(person, view_id, values)
    return deliver(bolt, workspace, envelope)


def close(
    bolt: App, workspace: Workspace, person: str, view_id: str, *, everything: bool = False
) -> BoltResponse | None:
    """Close a form, or all with its X; no response when the bot did not ask to hear of it."""
    with _only_what_is_there():
        envelope = workspace.close(person, view_id, everything=everything)
    return deliver(bolt, workspace, envelope) if envelope else None


def command(bolt: App, workspace: Workspace, person: str, channel: str, text: str) -> BoltResponse:
    with _only_what_is_there():
        envelope = workspace.command(person, channel, text)
    return deliver(bolt, workspace, envelope)


def open_home(bolt: App, workspace: Workspace, person: str) -> BoltResponse:
    with _only_what_is_there():
        envelope = workspace.open_home(person)
    return deliver(bolt, workspace, envelope)


def deliver(bolt: App, workspace: Workspace, envelope: Envelope) -> BoltResponse:
    """What the Socket Mode handler does with an envelope, and Slack with the ack."""
    body = json.loads(json.dumps(envelope.payload))
    response = bolt.dispatch(BoltRequest(body=body, mode="socket_mode"))
    if response.status == 200:
        workspace.acknowledge(envelope, _answer(response))
    else:
        workspace.unacknowledged(envelope)
    later.finish()
    return response


def _answer(response: BoltResponse) -> Any:
    if not response.body:
        return None
    kind = response.headers.get("content-type", [""])[0]
    is_json = kind.startswith("application/json")
    return json.loads(response.body) if is_json else {"text": response.body}


def _sent(request: dict[str, Any]) -> dict[str, Any]:
    """The arguments as they come out of the wire."""
    if request.get("json"):
        return dict(json.loads(json.dumps(request["json"])))
    form = {**(request.get("params") or {}), **(request.get("data") or {})}
    return {name: _in_form(value) for name, value in form.items() if value is not None}


def _in_form(value: Any) -> str:
    return str(int(value)) if isinstance(value, bool) else str(value)


def _small_letters(headers: dict[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


@contextmanager
def _only_what_is_there() -> Iterator[None]:
    try:
        yield
    except Impossible as problem:
        raise AssertionError(str(problem)) from problem
