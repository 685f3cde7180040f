"""What the bindings share: who asks, one span per request, answers and streams."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from typing import Protocol

from starlette.requests import ClientDisconnect, Request
from starlette.types import ASGIApp, Receive, Scope, Send

from agentkit.a2a.language import Language
from agentkit.a2a.operations import Operations
from agentkit.a2a.reception import Extensions, Header, last_event
from agentkit.a2a.security import caller_of, refusal
from agentkit.a2a.sse import EventStream
from agentkit.a2a.tenancy import routed, settled
from agentkit.errors import AuthenticationError
from agentkit.models import Event, Json, JsonObject
from agentkit.tracing import Span, SpanKind, continued, span
from agentkit.wire.jsontext import dump_json

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

    async def carry_out(
        self,
        language: Language,
        method: str,
        request: Request,
        params: Params,
        dialect: Dialect,
        send: Send,
    ) -> None:
        """Do an operation and send its answer, within one SERVER span below the caller's (A2A-GAP-15)."""
        with ExitStack() as stack:
            if "traceparent" in request.headers:
                stack.enter_context(continued(request.headers))
            hop = stack.enter_context(self.span(language, method))
            try:
                answer = await self._answer(language, method, request, params, dialect, hop)
            except ClientDisconnect:
                return
            except Exception as error:
                hop.set("error.type", type(error).__name__)
                answer = refusal(error) if isinstance(error, AuthenticationError) else dialect.refusal(error)
            await answer(request.scope, request.receive, send)

    def span(self, language: Language, method: str) -> AbstractContextManager[Span]:
        """The span of a request, named after the operation in A2A 1.0."""
        name = language.names.get(method, method)
        return span(f"a2a.{name}", {"agentkit.agent.name": self.name}, kind=SpanKind.SERVER)

    async def _answer(
        self,
        language: Language,
        method: str,
        request: Request,
        params: Params,
        dialect: Dialect,
        hop: Span,
    ) -> ASGIApp:
        header = self.extensions.activate(request)
        given = await params()
        caller = settled(caller_of(request.scope), routed(given, request.path_params.get("tenant")))
        unary = language.unary.get(method)
        if unary is not None:
            result = await unary(self.operations, given, caller)
            note_task(hop, result)
            return dialect.result(result, header)
        events = await language.streaming[method](self.operations, given, caller, last_event(request))
        first = await anext(events)

        def spell(number: int, event: Event) -> bytes:
            return dialect.event(number, language.encode(event))

        return EventStream(first, events, spell, dialect.broken, header, bounds=self.operations.bounds)


class Answer:
    """A JSON document as an ASGI answer."""

    def __init__(
        self, document: Json, *, media_type: bytes, status: int = 200, headers: Sequence[Header | None] = ()
    ) -> None:
        """Encode the document now, so that what cannot be encoded is still an error answer."""
        self._body = dump_json(document)
        self._status = status
        self._headers = [(b"content-type", media_type), (b"content-length", b"%d" % len(self._body))]
        self._headers += [header for header in headers if header is not None]

    async def __call__(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        """Send it."""
        await send({"type": "http.response.start", "status": self._status, "headers": self._headers})
        await send({"type": "http.response.body", "body": self._body})


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
