"""What the bindings share: who asks, one span per request, answers and streams."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Receive, Scope, Send

from agentkit.a2a.language import Language
from agentkit.a2a.operations import Operations
from agentkit.a2a.reception import Extensions
from agentkit.a2a.security import refusal
from agentkit.a2a.tenancy import routed, settled
from agentkit.compose import Caller
from agentkit.errors import AuthenticationError
from agentkit.models import Event, Json, JsonObject
from agentkit.tracing import Span, SpanKind, continued, span
from agentkit.web.answer import Header
from agentkit.web.arrival import Arrived
from agentkit.web.sse import EventStream

Params = Callable[[], Awaitable[JsonObject]]


class Dialect(Protocol):
    """How a binding spells results, errors and events."""

    def result(self, document: Json, header: Header | None) -> ASGIApp:
        """The answer to an operation."""
        ...

    def refusal(self, error: Exception) -> ASGIApp:
        """The answer to a request that failed."""
        ...

    def event(self, number: int, document: Json) -> bytes:
        """One event of a stream."""
        ...

    def broken(self, error: Exception) -> bytes:
        """The last event of a stream that failed."""
        ...


@dataclass(slots=True)
class Call:
    """One request on its way to an operation.

    Attributes:
        language: What it speaks.
        method: The operation, in that language.
        request: What came beside the body.
        caller: Who asks.
        params: Reads the parameters, once everything before them is in order.
        dialect: How the answer is spelled.
    """

    language: Language
    method: str
    request: Arrived
    caller: Caller
    params: Params
    dialect: Dialect


@dataclass(frozen=True, slots=True)
class Served:
    """One served agent, as its bindings see it.

    Attributes:
        name: Of the agent, for spans.
        operations: What it can be asked.
        extensions: Which ones it knows and wants.
        versions: The versions of A2A that are spoken.
    """

    name: str
    operations: Operations
    extensions: Extensions
    versions: Sequence[str]

    async def carry_out(self, call: Call, scope: Scope, receive: Receive, send: Send) -> None:
        """Do an operation and send its answer, within one SERVER span below the caller's (A2A-GAP-15)."""
        trace = call.request.trace
        if not trace:
            await self._within_span(call, scope, receive, send)
            return
        with continued(trace):
            await self._within_span(call, scope, receive, send)

    def span(self, language: Language, method: str) -> AbstractContextManager[Span]:
        """The span of a request, named after the operation in A2A 1.0."""
        name = language.names.get(method, method)
        attributes = {"agentkit.agent.name": self.name, "agentkit.agent.id": self.operations.agent_id}
        return span(f"a2a.{name}", attributes, kind=SpanKind.SERVER)

    async def _within_span(self, call: Call, scope: Scope, receive: Receive, send: Send) -> None:
        with self.span(call.language, call.method) as hop:
            try:
                answer = await self._answer(call, hop)
            except ClientDisconnect:
                return
            except Exception as error:
                hop.set("error.type", type(error).__name__)
                answer = refusal(error) if isinstance(error, AuthenticationError) else call.dialect.refusal(error)
            await answer(scope, receive, send)

    async def _answer(self, call: Call, hop: Span) -> ASGIApp:
        header = self.extensions.activate(call.request)
        given = await call.params()
        caller = settled(call.caller, routed(given, call.request.path.get("tenant")))
        unary = call.language.unary.get(call.method)
        if unary is not None:
            result = await unary(self.operations, given, caller)
            note_task(hop, result)
            return call.dialect.result(result, header)
        streaming, after = call.language.streaming[call.method], call.request.last_event
        events = await streaming(self.operations, given, caller, after)
        first = await anext(events)
        encode, event_of = call.language.encode, call.dialect.event

        def spell(number: int, event: Event) -> bytes:
            return event_of(number, encode(event))

        return EventStream(first, events, spell, call.dialect.broken, header, bounds=self.operations.bounds)


def note_task(hop: Span, result: Json) -> None:
    """Put the ids and the state of a task in an answer on the span of the request."""
    task = result.get("task", result) if isinstance(result, dict) else None
    if not isinstance(task, dict) or not isinstance(status := task.get("status"), dict):
        return
    for attribute, value in (
        ("agentkit.task.id", task.get("id")),
        ("agentkit.context.id", task.get("contextId")),
        ("agentkit.task.state", status.get("state")),
    ):
        if isinstance(value, str):
            hop.set(attribute, value)
