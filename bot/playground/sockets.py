"""Socket Mode: up to ten WebSockets, each envelope to one of them, and how they break."""

import asyncio
import json
import socket
import struct
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from aiohttp import WSMsgType, web

from bot.playground.faults import ENVELOPE, Fault, Trouble
from bot.playground.things import Envelope, Json
from bot.playground.workspace import Workspace

ACK_SECONDS = 3.0
REDELIVERIES = 3
MOST_SOCKETS = 10
CONNECTION_SECONDS = 18_060  # what Slack says it may live; here it lives until told


@dataclass(eq=False)
class Link:
    """One WebSocket; a frozen one is still open and says nothing any more."""

    web_socket: web.WebSocketResponse
    transport: asyncio.Transport
    frozen: bool = False

    async def send(self, frame: Json) -> None:
        if not self.frozen and not self.web_socket.closed:
            with suppress(ConnectionError):  # it just broke: the envelope is lost with it
                await self.web_socket.send_str(json.dumps(frame))

    async def pong(self, echo: bytes) -> None:
        if not self.frozen:
            with suppress(ConnectionError):
                await self.web_socket.pong(echo)

    def reset(self) -> None:
        """As when a network dies: no close frame, not even a goodbye from TCP."""
        reset(self.transport)


class Sockets:
    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        self.links: list[Link] = []
        self.acks: dict[str, asyncio.Future[Any]] = {}
        self.turn = 0
        self.ack_seconds = ACK_SECONDS
        self.most = MOST_SOCKETS

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """One WebSocket from its hello to its end."""
        if not self._admit(request.query.get("ticket", "")):
            return web.Response(status=404, text="This address was used or is too old.")
        web_socket = web.WebSocketResponse(autoping=False)
        await web_socket.prepare(request)
        assert isinstance(request.transport, asyncio.Transport)
        link = Link(web_socket, request.transport)
        if len(self.links) >= self.most:
            await self._end(link, "too_many_websockets")
        else:
            await self._listen(link)
        return web_socket

    async def deliver(self, envelope: Envelope) -> bool:
        """Bring it to one of the sockets; whether it was acked in time."""
        fault = self.workspace.faults.take(ENVELOPE)
        if fault and fault.trouble == Trouble.UNHEARD:
            self.workspace.unacknowledged(envelope)
            return False
        acked = await self._delivered(envelope)
        if fault and self.links:  # as if the first ack had been lost; the person saw its answer
            with suppress(TimeoutError):
                await asyncio.wait_for(self._sent(self._next(), envelope, 1), self.ack_seconds)
        return acked

    async def _delivered(self, envelope: Envelope) -> bool:
        for attempt in range(1 + REDELIVERIES * envelope.redelivered):
            if not self.links:
                break
            sending = self._sent(self._next(), envelope, attempt)
            try:
                answer = await asyncio.wait_for(sending, self.ack_seconds)
            except TimeoutError:
                continue
            self.workspace.acknowledge(envelope, answer)
            return True
        self.workspace.unacknowledged(envelope)
        return False

    async def suffer(self, fault: Fault) -> None:
        """What was asked for happens to the oldest sockets, or to all."""
        for link in self.links[: fault.sockets or None]:
            self.workspace.faults.struck[fault.trouble] += 1
            if fault.trouble == Trouble.DROPPED:
                link.reset()
            elif fault.trouble == Trouble.DISABLED:
                await self._end(link, "link_disabled")
            elif fault.trouble == Trouble.REFRESHED:
                await self._refresh(link, fault.seconds)
            else:
                link.frozen = fault.trouble == Trouble.FROZEN

    def _admit(self, ticket: str) -> bool:
        """Each ticket opens one socket, soon after it was given out."""
        return self.workspace.tickets.pop(ticket, 0.0) >= self.workspace.now()

    async def _listen(self, link: Link) -> None:
        self.links.append(link)
        self.workspace.changed()
        try:
            await link.send(self._hello())
            async for message in link.web_socket:
                if message.type == WSMsgType.PING:
                    await link.pong(message.data)
                elif message.type == WSMsgType.TEXT and not link.frozen:
                    self._acked(json.loads(message.data))
        finally:
            self.links.remove(link)
            self.workspace.changed()

    def _hello(self) -> Json:
        told = {"host": "playground", "approximate_connection_time": CONNECTION_SECONDS}
        return {
            "type": "hello",
            "num_connections": len(self.links),
            "connection_info": {"app_id": self.workspace.app_id},
            "debug_info": told,
        }

    def _acked(self, answer: Json) -> None:
        ack = self.acks.get(answer.get("envelope_id", ""))
        if ack and not ack.done():
            ack.set_result(answer.get("payload"))

    async def _sent(self, link: Link, envelope: Envelope, attempt: int) -> Any:
        """The answer in the ack, when it comes; each attempt has an id of its own."""
        id = str(uuid4())
        self.acks[id] = asyncio.get_running_loop().create_future()
        try:
            await link.send(self._frame(id, envelope, attempt))
            return await self.acks[id]
        finally:
            del self.acks[id]

    def _frame(self, id: str, envelope: Envelope, attempt: int) -> Json:
        frame: Json = {
            "envelope_id": id,
            "type": envelope.kind,
            "payload": envelope.payload,
            "accepts_response_payload": not envelope.redelivered,
        }
        if envelope.redelivered:
            frame["retry_attempt"] = attempt
            frame["retry_reason"] = "timeout" if attempt else ""
        return frame

    def _next(self) -> Link:
        self.turn += 1
        return self.links[self.turn % len(self.links)]

    async def _refresh(self, link: Link, seconds: float) -> None:
        """A warning, then the request; and in the end Slack closes it by itself."""
        await link.send({"type": "disconnect", "reason": "warning"})
        await asyncio.sleep(seconds)
        await self._end(link, "refresh_requested")

    async def _end(self, link: Link, reason: str) -> None:
        await link.send({"type": "disconnect", "reason": reason, "debug_info": {}})
        await link.web_socket.close()


def reset(transport: asyncio.BaseTransport | None) -> None:
    """End a TCP connection with a reset."""
    assert isinstance(transport, asyncio.Transport)
    connection = transport.get_extra_info("socket")
    if connection is not None:
        at_once = struct.pack("ii", 1, 0)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, at_once)
    transport.abort()
