"""The operations of one remote agent over one of its interfaces, in neutral models."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Generator, Mapping
from contextlib import AsyncExitStack, aclosing, contextmanager, nullcontext
from typing import Final, Protocol, TypeVar

from agentkit.a2a.remote.bindings import Binding, Call, Listed, listed
from agentkit.a2a.remote.http import PeerHttp, Received
from agentkit.errors import (
    ApiError,
    RemoteAgentError,
    RemoteAuthRequired,
    RemoteProtocolError,
    TaskNotCancelable,
    TaskNotFound,
    WireError,
)
from agentkit.models import Event, Json, JsonObject, Message, SendRequest, Task
from agentkit.tracing import SpanKind, long_span, span

T = TypeVar("T")

_REASONS: Final[Mapping[str, str]] = {
    "-32001": "TASK_NOT_FOUND",
    "-32002": "TASK_NOT_CANCELABLE",
    "-32003": "PUSH_NOTIFICATION_NOT_SUPPORTED",
    "-32004": "UNSUPPORTED_OPERATION",
    "-32005": "CONTENT_TYPE_NOT_SUPPORTED",
    "-32006": "INVALID_AGENT_RESPONSE",
    "-32007": "EXTENDED_AGENT_CARD_NOT_CONFIGURED",
    "-32008": "EXTENSION_SUPPORT_REQUIRED",
    "-32009": "VERSION_NOT_SUPPORTED",
    "-32601": "METHOD_NOT_FOUND",
    "-32602": "INVALID_PARAMS",
}
"""Words for the numbers of JSON-RPC; A2A 0.3 sends no words."""

_KNOWN: Final = frozenset(_REASONS.values())


class Channel(Protocol):
    """A way to one agent; each operation may be told the caller's own token."""

    @property
    def lists(self) -> bool:
        """Whether tasks can be listed."""
        ...

    async def send(self, request: SendRequest, bearer: str | None) -> Task | Message:
        """Send a message; answers when the turn has settled, or as the agent likes."""
        ...

    def stream(self, request: SendRequest, bearer: str | None) -> AsyncGenerator[Event]:
        """Send a message and follow what becomes of it."""
        ...

    def subscribe(self, task_id: str, bearer: str | None) -> AsyncGenerator[Event]:
        """Follow a task that is at work."""
        ...

    async def get(self, task_id: str, bearer: str | None) -> Task:
        """A task without its history."""
        ...

    async def list_tasks(self, context_id: str | None, page_token: str, bearer: str | None) -> Listed:
        """A page of tasks with their history, the newest first, of one context or of all."""
        ...

    async def cancel(self, task_id: str, bearer: str | None) -> Task:
        """Cancel a task."""
        ...

    async def aclose(self) -> None:
        """Let go of what this channel holds."""
        ...


class HttpChannel:
    """A channel over HTTP in a binding that is spoken here."""

    def __init__(self, agent: str, binding: Binding, http: PeerHttp, extensions: frozenset[str]) -> None:
        """Speak to an agent.

        Args:
            agent: Its name, for errors and spans.
            binding: How it is spoken to.
            http: Sends the requests.
            extensions: Those that both sides know (A2A-EXT-01).
        """
        self._agent = agent
        self._binding = binding
        self._http = http
        self._headers = {"A2A-Version": binding.version}
        if extensions:
            name = "A2A-Extensions" if binding.version != "0.3" else "X-A2A-Extensions"
            self._headers[name] = ", ".join(sorted(extensions))
        self._attributes = {"agentkit.agent.name": agent}

    @property
    def lists(self) -> bool:
        """Whether tasks can be listed."""
        return self._binding.lists

    async def send(self, request: SendRequest, bearer: str | None) -> Task | Message:
        """`SendMessage`."""
        result = await self._ask("SendMessage", self._binding.send_params(request), bearer)
        with self._own_errors("SendMessage"):
            return self._binding.answer(result)

    async def stream(self, request: SendRequest, bearer: str | None) -> AsyncGenerator[Event]:
        """`SendStreamingMessage`."""
        call = self._binding.call("SendStreamingMessage", self._binding.send_params(request))
        async with aclosing(self._events("SendStreamingMessage", call, bearer)) as events:
            async for event in events:
                yield event

    async def subscribe(self, task_id: str, bearer: str | None) -> AsyncGenerator[Event]:
        """`SubscribeToTask`."""
        call = self._binding.call("SubscribeToTask", {"id": task_id})
        async with aclosing(self._events("SubscribeToTask", call, bearer)) as events:
            async for event in events:
                yield event

    async def get(self, task_id: str, bearer: str | None) -> Task:
        """`GetTask`."""
        result = await self._ask("GetTask", {"id": task_id, "historyLength": 0}, bearer)
        with self._own_errors("GetTask"):
            return self._binding.task(result)

    async def list_tasks(self, context_id: str | None, page_token: str, bearer: str | None) -> Listed:
        """`ListTasks`."""
        params: JsonObject = {"pageSize": 50, "historyLength": 50}
        if context_id is not None:
            params["contextId"] = context_id
        if page_token:
            params["pageToken"] = page_token
        result = await self._ask("ListTasks", params, bearer)
        with self._own_errors("ListTasks"):
            return listed(result)

    async def cancel(self, task_id: str, bearer: str | None) -> Task:
        """`CancelTask`."""
        result = await self._ask("CancelTask", {"id": task_id}, bearer)
        with self._own_errors("CancelTask"):
            return self._binding.task(result)

    async def aclose(self) -> None:
        """The connections are the pool's."""

    async def _ask(self, operation: str, params: JsonObject, bearer: str | None) -> Json:
        with span(f"a2a.client.{operation}", self._attributes, kind=SpanKind.CLIENT) as hop:
            with self._own_errors(operation):
                call = self._binding.call(operation, params)
            received = await self._http.ask(call, self._headers, bearer)
            hop.set("http.response.status_code", received.status)
            return self._result(operation, received)

    async def _events(self, operation: str, call: Call, bearer: str | None) -> AsyncGenerator[Event]:
        with long_span(f"a2a.client.{operation}", self._attributes, kind=SpanKind.CLIENT) as hop:
            async with AsyncExitStack() as stack:
                with hop.current() if hop.is_recording else nullcontext():  # the agent's own span becomes its child
                    opened = await stack.enter_async_context(self._http.stream(call, self._headers, bearer))
                if isinstance(opened, Received):
                    # A server that does not stream this one may answer as if it had been a send.
                    result = self._result(operation, opened)
                    with self._own_errors(operation):
                        answer = self._binding.answer(result)
                    yield answer
                    return
                async for event in self._decoded(operation, opened):
                    yield event

    async def _decoded(self, operation: str, documents: AsyncIterator[Json]) -> AsyncGenerator[Event]:
        async for document in documents:
            with self._own_errors(operation):
                event = self._binding.event(document)
            if event is not None:
                yield event

    def _result(self, operation: str, received: Received) -> Json:
        try:
            with self._own_errors(operation):
                return self._binding.result(received.status, received.document)
        except RemoteAgentError as error:
            error.retry_after = _seconds(received.headers.get("retry-after"))
            raise

    @contextmanager
    def _own_errors(self, operation: str) -> Generator[None]:
        try:
            yield
        except ApiError as error:
            raise refusal(self._agent, operation, error) from None
        except WireError as error:
            raise misfit(self._agent, operation, error) from None


def misfit(agent: str, operation: str, error: WireError) -> RemoteProtocolError:
    """The error for an answer that does not fit; the place in it is told, not the value."""
    return RemoteProtocolError(agent, f"its answer to {operation} is no A2A: {error.message}.")


def refusal(agent: str, operation: str, error: ApiError) -> Exception:
    """The typed error for an error answer; what the agent said with it is not repeated."""
    named = (error.reason or "").upper()
    reason = named if named in _KNOWN else _REASONS.get(error.code or "")
    match reason:
        case "TASK_NOT_FOUND":
            return TaskNotFound(f"Remote agent {agent} knows no such task.")
        case "TASK_NOT_CANCELABLE":
            return TaskNotCancelable(f"The task at remote agent {agent} has ended.")
        case _ if error.status in {401, 403}:
            return RemoteAuthRequired(agent, f"it does not let us in ({error.status}).", status=error.status)
        case _:
            what = reason or f"HTTP {error.status}"
            return RemoteAgentError(agent, f"it refused {operation}: {what}.", reason=reason, status=error.status)


def _seconds(value: str | None) -> float | None:
    return float(value) if value is not None and value.isdecimal() and len(value) < 6 else None
