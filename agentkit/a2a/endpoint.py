"""What the bindings share: who asks, one span per request, answers and streams."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from typing import Final, Protocol

from starlette.requests import ClientDisconnect, Request
from starlette.types import ASGIApp, Receive, Scope, Send

from agentkit.a2a.operations import NumberedEvents, Operations
from agentkit.a2a.reception import MAX_BODY, Extensions, check_version
from agentkit.a2a.security import ANONYMOUS, Authenticate
from agentkit.a2a.sse import EventStream
from agentkit.compose import Caller
from agentkit.models import JsonObject
from agentkit.tracing import Span, SpanKind, continued, span
from agentkit.wire.jsontext import dump_json

Unary = Callable[[Operations, JsonObject, Caller], Awaitable[JsonObject]]
Streaming = Callable[[Operations, JsonObject, Caller], Awaitable[NumberedEvents]]
Params = Callable[[], Awaitable[JsonObject]]

UNARY: Final[Mapping[str, Unary]] = {
    "SendMessage": Operations.send,
    "GetTask": Operations.get,
    "ListTasks": Operations.list_tasks,
    "CancelTask": Operations.cancel,
    "CreateTaskPushNotificationConfig": Operations.push_configuration,
    "GetTaskPushNotificationConfig": Operations.push_configuration,
    "ListTaskPushNotificationConfigs": Operations.push_configuration,
    "DeleteTaskPushNotificationConfig": Operations.push_configuration,
    "GetExtendedAgentCard": Operations.extended_card,
}
"""Operations with one answer, by the name of their JSON-RPC method."""

STREAMING: Final[Mapping[str, Streaming]] = {
    "SendStreamingMessage": Operations.stream,
    "SubscribeToTask": Operations.subscribe,
}
"""Operations with a stream of answers."""


class Dialect(Protocol):
    """How a binding spells results, errors and events."""

    def result(self, document: JsonObject, extensions: str | None) -> ASGIApp:
        """The answer to an operation."""
        ...

    def refusal(self, error: Exception) -> ASGIApp:
        """The answer to a request that failed."""
        ...

    def event(self, number: int, document: JsonObject) -> bytes:
        """One event of a stream."""
        ...

    def broken(self, error: Exception) -> bytes:
        """The last event of a stream that failed."""
        ...


@dataclass(frozen=True, slots=True)
class Served:
    """One served agent, as its bindings see it."""

    name: str
    operations: Operations
    extensions: Extensions
    authenticate: Authenticate | None
    max_body: int = MAX_BODY

    async def caller(self, request: Request) -> Caller:
        """Who asks.

        Raises:
            AuthenticationError: The request is not let in.
        """
        return ANONYMOUS if self.authenticate is None else await self.authenticate(request)

    async def carry_out(
        self, operation: str, request: Request, caller: Caller, params: Params, dialect: Dialect, send: Send
    ) -> None:
        """Do an operation and send its answer, within one SERVER span below the caller's (A2A-GAP-15)."""
        with ExitStack() as stack:
            if "traceparent" in request.headers:
                stack.enter_context(continued(request.headers))
            hop = stack.enter_context(self._span(operation))
            try:
                answer = await self._answer(operation, request, caller, params, dialect, hop)
            except ClientDisconnect:
                return
            except Exception as error:
                hop.set("error.type", type(error).__name__)
                answer = dialect.refusal(error)
            await answer(request.scope, request.receive, send)

    def _span(self, operation: str) -> AbstractContextManager[Span]:
        return span(f"a2a.{operation}", {"agentkit.agent.name": self.name}, kind=SpanKind.SERVER)

    async def _answer(
        self, operation: str, request: Request, caller: Caller, params: Params, dialect: Dialect, hop: Span
    ) -> ASGIApp:
        check_version(request)
        extensions = self.extensions.activate(request)
        given = await params()
        streaming = STREAMING.get(operation)
        if streaming is None:
            result = await UNARY[operation](self.operations, given, caller)
            _note_task(hop, result)
            return dialect.result(result, extensions)
        events = await streaming(self.operations, given, caller)
        first = await anext(events)
        return EventStream(first, events, dialect.event, dialect.broken, extensions)


class Answer:
    """A JSON document as an ASGI answer."""

    def __init__(
        self, document: JsonObject, *, media_type: bytes, status: int = 200, extensions: str | None = None
    ) -> None:
        """Encode the document now, so that what cannot be encoded is still an error answer."""
        self._body = dump_json(document)
        self._status = status
        self._headers = [(b"content-type", media_type), (b"content-length", b"%d" % len(self._body))]
        if extensions:
            self._headers.append((b"a2a-extensions", extensions.encode("latin-1")))

    async def __call__(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        """Send it."""
        await send({"type": "http.response.start", "status": self._status, "headers": self._headers})
        await send({"type": "http.response.body", "body": self._body})


def _note_task(hop: Span, result: JsonObject) -> None:
    task = result.get("task", result)
    if not isinstance(task, dict) or not isinstance(status := task.get("status"), dict):
        return
    for attribute, value in (
        ("agentkit.task.id", task.get("id")),
        ("agentkit.context.id", task.get("contextId")),
        ("agentkit.task.state", status.get("state")),
    ):
        if isinstance(value, str):
            hop.set(attribute, value)
