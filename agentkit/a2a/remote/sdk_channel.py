"""The rare dialects through the A2A SDK's transports: gRPC, and HTTP+JSON of A2A 0.3 (protobuf's JSON)."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Generator, Mapping
from contextlib import aclosing, contextmanager
from typing import TYPE_CHECKING, Final, TypeVar, cast

import httpx
import httpx2
from a2a.client import ClientCallContext
from a2a.client.errors import A2AClientError, A2AClientTimeoutError
from a2a.types import a2a_pb2
from a2a.utils.errors import (
    A2A_ERROR_MAPPING,
    A2AError,
    MethodNotFoundError,
    TaskNotCancelableError,
    TaskNotFoundError,
)
from google.protobuf import json_format

from agentkit.a2a.remote.authorization import Authorizer
from agentkit.a2a.remote.bindings import Listed, listed
from agentkit.a2a.remote.card import Interface
from agentkit.a2a.remote.channel import misfit
from agentkit.a2a.remote.http import RemoteLimits
from agentkit.a2a.remote.numbers import with_integers
from agentkit.a2a.remote.sdk_transports import grpc_transport, legacy_rest_transport
from agentkit.errors import (
    AgentKitError,
    ConnectionFailed,
    RemoteAgentError,
    RemoteAuthRequired,
    RemoteProtocolError,
    RemoteUnreachable,
    RequestTimeout,
    TaskNotCancelable,
    TaskNotFound,
    WireError,
)
from agentkit.models import Event, Json, JsonObject, Message, SendRequest, Task
from agentkit.tracing import Span, SpanKind, inject, long_span, span
from agentkit.wire.a2a import decode_answer, decode_event, decode_task, encode_send_request

if TYPE_CHECKING:
    from google.protobuf.message import Message as ProtoMessage

T = TypeVar("T")

_REFUSED: Final = frozenset({401, 403})
_GRPC_STATUS: Final = {
    "UNAUTHENTICATED": 401,
    "PERMISSION_DENIED": 403,
    "RESOURCE_EXHAUSTED": 429,
    "UNIMPLEMENTED": 501,
}


class SdkChannel:
    """A channel through a transport of the SDK."""

    def __init__(
        self,
        agent: str,
        interface: Interface,
        pool: httpx2.AsyncClient,
        authorizer: Authorizer,
        limits: RemoteLimits,
        extensions: frozenset[str],
    ) -> None:
        """Open the way; nothing is sent yet.

        Args:
            agent: The agent's name, for errors and spans.
            interface: Of the card.
            pool: The connections for HTTP.
            authorizer: Lets requests in.
            limits: Bounds of time and size.
            extensions: Those that both sides know.
        """
        self._agent = agent
        self._authorizer = authorizer
        self._limits = limits
        self._tenant = interface.tenant or ""
        self._attributes = {"agentkit.agent.name": agent}
        self._parameters: dict[str, str] = {}  # the transports name the version themselves
        if extensions:
            self._parameters["A2A-Extensions"] = ", ".join(sorted(extensions))
        self.lists = interface.version == "1.0"
        if interface.binding == "GRPC":
            self._transport = grpc_transport(interface, limits)
        else:
            self._transport = legacy_rest_transport(interface, pool, limits)

    async def send(self, request: SendRequest, bearer: str | None) -> Task | Message:
        """`SendMessage`."""
        asked = self._send_request(request)
        answer = await self._unary("SendMessage", bearer, lambda way: self._transport.send_message(asked, context=way))
        return self._decoded("SendMessage", decode_answer, answer)

    async def stream(self, request: SendRequest, bearer: str | None) -> AsyncGenerator[Event]:
        """`SendStreamingMessage`."""
        asked = self._send_request(request)
        opened = self._streaming(
            "SendStreamingMessage", bearer, lambda way: self._transport.send_message_streaming(asked, context=way)
        )
        async with aclosing(opened) as events:
            async for event in events:
                yield event

    async def subscribe(self, task_id: str, bearer: str | None) -> AsyncGenerator[Event]:
        """`SubscribeToTask`."""
        asked = a2a_pb2.SubscribeToTaskRequest(id=task_id, tenant=self._tenant)
        opened = self._streaming("SubscribeToTask", bearer, lambda way: self._transport.subscribe(asked, context=way))
        async with aclosing(opened) as events:
            async for event in events:
                yield event

    async def get(self, task_id: str, bearer: str | None) -> Task:
        """`GetTask`."""
        asked = a2a_pb2.GetTaskRequest(id=task_id, tenant=self._tenant, history_length=0)
        task = await self._unary("GetTask", bearer, lambda way: self._transport.get_task(asked, context=way))
        return self._decoded("GetTask", decode_task, task)

    async def list_tasks(self, context_id: str | None, page_token: str, bearer: str | None) -> Listed:
        """`ListTasks`."""
        asked = a2a_pb2.ListTasksRequest(
            tenant=self._tenant,
            context_id=context_id or "",
            page_token=page_token,
            page_size=50,
            history_length=50,
        )
        page = await self._unary("ListTasks", bearer, lambda way: self._transport.list_tasks(asked, context=way))
        try:
            return listed(_plain(page))
        except WireError as error:
            raise misfit(self._agent, "ListTasks", error) from None

    async def cancel(self, task_id: str, bearer: str | None) -> Task:
        """`CancelTask`."""
        asked = a2a_pb2.CancelTaskRequest(id=task_id, tenant=self._tenant)
        task = await self._unary("CancelTask", bearer, lambda way: self._transport.cancel_task(asked, context=way))
        return self._decoded("CancelTask", decode_task, task)

    async def aclose(self) -> None:
        """Close the transport."""
        await self._transport.close()

    def _send_request(self, request: SendRequest) -> a2a_pb2.SendMessageRequest:
        wire = encode_send_request(request)
        if self._tenant:
            wire["tenant"] = self._tenant
        try:
            return json_format.ParseDict(wire, a2a_pb2.SendMessageRequest(), ignore_unknown_fields=True)
        except json_format.ParseError:
            raise WireError("message", "value", "cannot be said in this dialect of A2A") from None

    async def _unary(self, operation: str, bearer: str | None, call: Callable[[ClientCallContext], Awaitable[T]]) -> T:
        with span(f"a2a.client.{operation}", self._attributes, kind=SpanKind.CLIENT):
            granted = await self._authorizer.headers(bearer)
            try:
                with self._own_errors(operation):
                    return await call(self._way(granted))
            except RemoteAuthRequired as refused:
                other = await self._another(granted, refused)
                with self._own_errors(operation):
                    return await call(self._way(other))

    async def _streaming(
        self,
        operation: str,
        bearer: str | None,
        call: Callable[[ClientCallContext], AsyncIterator[a2a_pb2.StreamResponse]],
    ) -> AsyncGenerator[Event]:
        with long_span(f"a2a.client.{operation}", self._attributes, kind=SpanKind.CLIENT) as hop:
            granted = await self._authorizer.headers(bearer)
            responses = call(self._way(granted, hop))
            begun, size = False, 0
            while True:
                try:
                    with self._own_errors(operation):
                        response = await anext(responses, None)
                except RemoteAuthRequired as refused:
                    if begun:
                        raise
                    begun = True
                    responses = call(self._way(await self._another(granted, refused), hop))
                    continue
                if response is None:
                    return
                begun, size = True, size + response.ByteSize()
                if size > self._limits.stream:
                    raise RemoteProtocolError(self._agent, "its stream has no end.")
                yield self._decoded(operation, decode_event, response)

    async def _another(self, granted: Mapping[str, str], refused: RemoteAuthRequired) -> Mapping[str, str]:
        """What is worth one more try after a 401 (A2A-CG-03)."""
        other = await self._authorizer.another(granted, refused.challenge) if refused.status == 401 else None
        if other is None:
            raise refused
        return other

    def _way(self, granted: Mapping[str, str], hop: Span | None = None) -> ClientCallContext:
        """What goes along with a call, as a child of a span that is not the current one, too."""
        parameters = {**self._parameters, **granted}
        if hop is not None and hop.is_recording:
            hop.inject(parameters)
        else:
            inject(parameters)
        return ClientCallContext(timeout=self._limits.silence, service_parameters=parameters)

    def _decoded(self, operation: str, decode: Callable[[Json, str], T], message: ProtoMessage) -> T:
        """What was lost without an error on the way here is missing now (A2A-CO-03)."""
        try:
            return decode(_plain(message), "answer")
        except WireError as error:
            raise misfit(self._agent, operation, error) from None

    @contextmanager
    def _own_errors(self, operation: str) -> Generator[None]:
        try:
            yield
        except (A2AError, httpx.HTTPError) as error:
            raise self._translated(operation, error) from None
        except (ValueError, json_format.ParseError):
            # The SDK reads protobuf's JSON with parsers that raise these.
            raise RemoteProtocolError(self._agent, f"its answer to {operation} is no A2A.") from None

    def _no_task(self) -> TaskNotFound:
        return TaskNotFound(f"Remote agent {self._agent} knows no such task.")

    def _translated(self, operation: str, error: Exception) -> AgentKitError:
        status = _status(error)
        match error:
            case TaskNotFoundError():
                return self._no_task()
            case MethodNotFoundError() if status == 404:
                # HTTP+JSON of 0.3 tells a missing task by its status alone, which the SDK takes for a missing method.
                return self._no_task()
            case TaskNotCancelableError():
                return TaskNotCancelable(f"The task at remote agent {self._agent} has ended.")
            case A2AClientTimeoutError() | httpx.TimeoutException():
                return RequestTimeout(f"Remote agent {self._agent} was silent for too long.")
            case _ if status in _REFUSED:
                return RemoteAuthRequired(self._agent, f"it does not let us in ({status}).", status=status)
            case _ if _is_unsent(error):
                return RemoteUnreachable(f"Remote agent {self._agent} cannot be reached.")
            case httpx.HTTPError() | A2AClientError() if status is None:
                return ConnectionFailed(f"The connection to remote agent {self._agent} broke.")
            case A2AError() if type(error) in A2A_ERROR_MAPPING:
                row = A2A_ERROR_MAPPING[type(error)]
                what = f"it refused {operation}: {row.reason}."
                return RemoteAgentError(self._agent, what, reason=row.reason, status=row.http_code)
            case _:
                return RemoteAgentError(self._agent, f"it refused {operation}: HTTP {status}.", status=status)


def _status(error: Exception) -> int | None:
    """The HTTP status, or what gRPC's code is over HTTP."""
    cause = error.__cause__ or error
    if isinstance(cause, httpx.HTTPStatusError):
        return cause.response.status_code
    code = getattr(getattr(cause, "code", lambda: None)(), "name", None)
    return {"UNAUTHENTICATED": 401, "PERMISSION_DENIED": 403, "RESOURCE_EXHAUSTED": 429, "UNIMPLEMENTED": 501}.get(
        code or ""
    )


def _is_unsent(error: Exception) -> bool:
    """No connection came about; gRPC says UNAVAILABLE also of one that broke, so it is not meant here."""
    return isinstance(error.__cause__ or error, httpx.ConnectError | httpx.ConnectTimeout)


def _plain(message: ProtoMessage) -> JsonObject:
    return cast(JsonObject, with_integers(cast(Json, json_format.MessageToDict(message))))
