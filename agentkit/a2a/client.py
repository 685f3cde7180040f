"""Talk to any A2A agent with the official client, in neutral models."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final, cast

import httpx
from a2a.client import Client, ClientConfig, create_client
from a2a.client.errors import A2AClientError, A2AClientTimeoutError, AgentCardResolutionError
from a2a.types import a2a_pb2
from a2a.utils.errors import A2AError, TaskNotFoundError, UnsupportedOperationError
from google.protobuf import json_format

from agentkit import tracing
from agentkit.errors import (
    AgentKitError,
    ConnectionFailed,
    RequestTimeout,
    TaskFailed,
    TaskNotContinuable,
    TaskNotFound,
    WireError,
)
from agentkit.models import Event, Json, Message, SendRequest, Task
from agentkit.wire.a2a import decode_event, decode_task, encode_send_request

if TYPE_CHECKING:
    from google.protobuf.message import Message as ProtoMessage

TIMEOUT: Final = 120.0
"""Seconds an agent may be silent; the official client's own 5 seconds end most turns of a model (A2A-CG-01)."""


class A2AClient:
    """One remote agent, spoken to by the official client; get one from `connect`."""

    def __init__(self, client: Client, url: str) -> None:
        """Wrap a client of the SDK."""
        self._client = client
        self._url = url

    def __repr__(self) -> str:
        """Shows the address."""
        return f"A2AClient({self._url!r})"

    async def stream(self, message: Message) -> AsyncIterator[Event]:
        """Send a message and yield what the agent does, as it does it; one item where it does not stream.

        Raises:
            TaskNotFound: The message names a task that is not the caller's.
            TaskNotContinuable: The task has ended.
            ConnectionFailed: The connection could not be made or broke.
            RequestTimeout: The agent was silent for too long.
            WireError: The answer is not A2A 1.0.
            TaskFailed: Any other refusal of the agent.
        """
        request = json_format.ParseDict(
            encode_send_request(SendRequest(message=message)), a2a_pb2.SendMessageRequest(), ignore_unknown_fields=True
        )
        try:
            async for response in self._client.send_message(request):
                yield decode_event(_plain(response), "event")
        except (A2AError, httpx.HTTPError) as error:
            raise _translated(error, message) from None

    async def task(self, task_id: str) -> Task:
        """A task of this caller.

        Raises:
            TaskNotFound: There is none of that id.
            TransportError: No answer was received.
        """
        try:
            task = await self._client.get_task(a2a_pb2.GetTaskRequest(id=task_id))
        except (A2AError, httpx.HTTPError) as error:
            raise _translated(error, None, task_id) from None
        return decode_task(_plain(task))


@asynccontextmanager
async def connect(
    url: str,
    *,
    headers: Mapping[str, str] | None = None,
    transport: httpx.AsyncBaseTransport | None = None,
    silence: float = TIMEOUT,
) -> AsyncGenerator[A2AClient]:
    """Read the card of an agent and make a client for it.

    Args:
        url: The agent's address; its card lies below it at `.well-known/agent-card.json`.
        headers: Sent with every request, for example an `Authorization`.
        transport: For agents in the same process.
        silence: Seconds the agent may be silent.

    Raises:
        ConnectionFailed: The card cannot be read.
    """
    traced: dict[str, str] = dict(headers or {})
    tracing.inject(traced)
    async with httpx.AsyncClient(headers=traced, transport=transport, timeout=silence) as http:
        config = ClientConfig(httpx_client=http, supported_protocol_bindings=["JSONRPC", "HTTP+JSON"])
        try:
            client = await create_client(url, config)
        except (A2AError, httpx.HTTPError, ValueError) as error:
            status = getattr(error, "status_code", None)
            detail = f" (HTTP {status})" if isinstance(error, AgentCardResolutionError) and status else ""
            remedy = "Check the address, and that an A2A 1.0 agent is served there."
            raise ConnectionFailed(f"The agent card at {url} cannot be read{detail}.", remedy=remedy) from None
        async with client:
            yield A2AClient(client, url)


def _plain(message: ProtoMessage) -> Json:
    return _with_integers(cast(Json, json_format.MessageToDict(message)))


def _with_integers(value: Json) -> Json:
    """Protobuf makes every number of a data part a double; whole ones are restored (design D12)."""
    match value:
        case float() if value.is_integer() and abs(value) < 2**53:
            return int(value)
        case dict():
            return {key: _with_integers(item) for key, item in value.items()}
        case list():
            return [_with_integers(item) for item in value]
        case _:
            return value


def _translated(error: Exception, message: Message | None, task_id: str | None = None) -> AgentKitError:
    task = task_id or (message.task_id if message else None)
    context = message.context_id if message else None
    match error:
        case TaskNotFoundError():
            return TaskNotFound("The agent knows no such task.", task_id=task)
        case UnsupportedOperationError() if task:
            return TaskNotContinuable("The task takes no further message.", task_id=task, context_id=context)
        case A2AClientTimeoutError() | httpx.TimeoutException():
            return RequestTimeout(
                "The agent was silent for too long.", remedy="Allow more silence, or look up the task."
            )
        case httpx.HTTPError() | A2AClientError(__cause__=httpx.TransportError()):
            return ConnectionFailed("The connection to the agent could not be made or broke.")
        case A2AClientError():
            return WireError("", "value", "the agent answered with something that is not A2A 1.0")
        case _:
            return TaskFailed(
                f"The agent refused the request ({type(error).__name__}).", task_id=task, context_id=context
            )
