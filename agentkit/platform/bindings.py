"""What both generations have in common of A2A's bindings: JSON-RPC, and streams of events."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Final

from starlette.requests import ClientDisconnect, Request

from agentkit.errors import TaskNotContinuable
from agentkit.models import Event, Json, JsonObject
from agentkit.platform.refusals import UNKNOWN_METHOD, Refused, refusal_of
from agentkit.platform.requests import read_json
from agentkit.platform.turns import NumberedEvents, Turns
from agentkit.web.answer import Answer, Answered, Header
from agentkit.web.arrival import arrived
from agentkit.web.bounds import Bounds
from agentkit.web.sse import EventStream, sse_event
from agentkit.wire.jsontext import dump_json
from agentkit.wire.rpc import RequestId, call_id, decode_call, encode_answer

JSON: Final = b"application/json"

Unary = Callable[[Turns, JsonObject], Awaitable[Json]]
"""An operation with one answer; takes the parameters."""

Streaming = Callable[[Turns, JsonObject, int | None], Awaitable[NumberedEvents]]
"""An operation with a stream of answers; takes the number of the event that the client saw last, too."""


async def streamed(
    events: NumberedEvents,
    spell: Callable[[int, Event], bytes],
    broken: Callable[[Exception], bytes],
    bounds: Bounds,
    header: Header | None = None,
) -> EventStream:
    """An answer that sends events; what is known to be wrong before the first one is raised (A2A-HTTP-06).

    Args:
        events: With their numbers.
        spell: Makes the bytes of one.
        broken: Makes the bytes of the last one of a stream that failed.
        bounds: How long a client may leave an event unread.
        header: Another header of the answer.

    Raises:
        AgentKitError: As the operation that gives the events.
    """
    first = await anext(events, None)
    if first is None:
        raise TaskNotContinuable("Nothing follows.")
    return EventStream(first, events, spell, broken, header, bounds=bounds)


@dataclass(frozen=True, slots=True)
class RpcMethods:
    """The operations of one generation over JSON-RPC.

    Attributes:
        unary: Those with one answer, by name.
        streaming: Those with a stream of answers.
        encode: An event as a stream shows it.
        numbered: Events carry their numbers, so that a stream can be gone on with.
        header: Another header of each answer.
    """

    unary: Mapping[str, Unary]
    streaming: Mapping[str, Streaming]
    encode: Callable[[Event], Json]
    numbered: bool
    header: Header | None = None


class RpcExchange:
    """One JSON-RPC request and its answer, which has HTTP status 200 whatever it says."""

    def __init__(self, request: Request, methods: RpcMethods, bounds: Bounds) -> None:
        """Answer a request by these methods."""
        self._request = request
        self._methods = methods
        self._bounds = bounds
        self._id: RequestId = None

    async def answer(self, turns: Callable[[], Awaitable[Turns]]) -> Answered:
        """Do what the request asks for, or refuse it.

        Args:
            turns: Finds the agent, once it is known that there is such a method.

        Raises:
            ClientDisconnect: The client went away before all of its request had come.
        """
        try:
            return await self._carried_out(turns)
        except ClientDisconnect:
            raise
        except Exception as error:
            return self._told("error", refusal_of(error).rpc())

    async def _carried_out(self, turns: Callable[[], Awaitable[Turns]]) -> Answered:
        body = await read_json(self._request, self._bounds)
        self._id = call_id(body)
        method, params = decode_call(body)
        unary, streaming = self._methods.unary.get(method), self._methods.streaming.get(method)
        if unary is not None:
            return self._told("result", await unary(await turns(), params))
        if streaming is None:
            raise Refused(UNKNOWN_METHOD, "There is no such method here.")
        events = await streaming(await turns(), params, arrived(self._request.scope).last_event)
        return await streamed(events, self._event, self._broken, self._bounds, self._methods.header)

    def _told(self, member: str, value: Json) -> Answer:
        document = encode_answer(self._id, member, value)
        return Answer(document, media_type=JSON, headers=(self._methods.header,))

    def _event(self, number: int, event: Event) -> bytes:
        document = encode_answer(self._id, "result", self._methods.encode(event))
        return sse_event(dump_json(document), number if self._methods.numbered else None)

    def _broken(self, error: Exception) -> bytes:
        return sse_event(dump_json(encode_answer(self._id, "error", refusal_of(error).rpc())))
