"""The channel of the rare dialects at servers that refuse, break off, or answer what is no A2A."""

# grpcio has no type information.
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false, reportUnknownVariableType=false
from __future__ import annotations

import json
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

import anyio
import grpc.aio
import httpx2
import pytest
from a2a.types import a2a_pb2
from a2a.types.a2a_pb2_grpc import A2AServiceServicer, add_A2AServiceServicer_to_server

from agentkit.a2a.remote.authorization import StaticAuthorizer
from agentkit.a2a.remote.card import Interface
from agentkit.a2a.remote.http import RemoteLimits
from agentkit.a2a.remote.sdk_channel import SdkChannel
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
from agentkit.models import Event, Message, SendRequest, Task
from tests.a2a.remote.parts import LIMITS, URL
from tests.deadline import HANG

pytestmark = pytest.mark.anyio

Handler = Callable[[httpx2.Request], httpx2.Response]
HELLO = SendRequest(message=Message.user("hello"))
TASK = {"id": "t-1", "contextId": "c-1", "status": {"state": "TASK_STATE_WORKING"}}


class Renewing(StaticAuthorizer):
    """Has one other token for whoever refuses the first."""

    def __init__(self) -> None:
        super().__init__(None)

    async def headers(self, bearer: str | None) -> Mapping[str, str]:
        return {"authorization": "Bearer old"}

    async def another(self, refused: Mapping[str, str], challenge: str | None) -> Mapping[str, str] | None:
        assert refused == {"authorization": "Bearer old"}
        return {"authorization": "Bearer new"}


def rest(handler: Handler, *, renewing: bool = False, limits: RemoteLimits = LIMITS) -> SdkChannel:
    connections = httpx2.AsyncClient(transport=httpx2.MockTransport(handler))
    authorizer = Renewing() if renewing else StaticAuthorizer(None)
    return SdkChannel("peer", Interface(URL, "HTTP+JSON", "0.3"), connections, authorizer, limits, frozenset())


def answering(status: int, document: Any = None) -> Handler:
    return lambda _request: httpx2.Response(status, json=document)


def raising(error: Exception) -> Handler:
    def answer(_request: httpx2.Request) -> httpx2.Response:
        raise error

    return answer


def sse(*documents: Any) -> httpx2.Response:
    body = "".join(f"data: {json.dumps(document)}\n\n" for document in documents)
    return httpx2.Response(200, text=body, headers={"content-type": "text/event-stream"})


async def told(source: AsyncGenerator[Event]) -> list[Event]:
    with anyio.fail_after(HANG):
        return [event async for event in source]


async def failure(handler: Handler, kind: type[AgentKitError] = AgentKitError) -> Any:
    with pytest.raises(kind) as raised:
        await rest(handler).get("t-1", None)
    return raised.value


def no_json(_request: httpx2.Request) -> httpx2.Response:
    return httpx2.Response(200, text="Jane Doe")


def no_text(_request: httpx2.Request) -> httpx2.Response:
    return httpx2.Response(200, content=b"\xff")


BROKEN: list[tuple[Handler, type[AgentKitError]]] = [
    (answering(404), TaskNotFound),
    (answering(400, {"type": "TaskNotFoundError", "message": "Jane Doe"}), TaskNotFound),
    (answering(400, {"type": "TaskNotCancelableError", "message": "Jane Doe"}), TaskNotCancelable),
    (raising(httpx2.ReadTimeout("Jane Doe")), RequestTimeout),
    (raising(httpx2.ConnectError("Jane Doe")), RemoteUnreachable),
    (raising(httpx2.ReadError("Jane Doe")), ConnectionFailed),
    (no_json, ConnectionFailed),
    (no_text, RemoteProtocolError),
    (answering(200, {}), RemoteProtocolError),
    (answering(200, {"id": 3}), RemoteProtocolError),
]


@pytest.mark.parametrize(
    ("handler", "kind"),
    BROKEN,
    ids=["404", "no task", "ended", "silent", "unreached", "broken", "no json", "no text", "empty", "misfit"],
)
async def test_what_goes_wrong_is_a_typed_error_without_content(handler: Handler, kind: type[AgentKitError]) -> None:
    error = await failure(handler, kind)
    assert "Jane" not in str(error)
    assert "eer" in str(error)


async def test_a_refusal_with_a_known_word_is_told_by_it() -> None:
    error = await failure(answering(418, {"type": "UnsupportedOperationError", "message": "Jane Doe"}))
    assert type(error) is RemoteAgentError
    assert (error.reason, error.status) == ("UNSUPPORTED_OPERATION", 400)
    assert "Jane" not in str(error)


async def test_a_refusal_without_a_word_is_told_by_its_status() -> None:
    error = await failure(answering(503, {"message": "Jane Doe"}))
    assert type(error) is RemoteAgentError
    assert error.status == 503
    assert "HTTP 503" in str(error)
    assert "Jane" not in str(error)


@pytest.mark.parametrize("status", [401, 403])
async def test_who_is_not_let_in_and_has_no_other_token_is_told_so(status: int) -> None:
    assert (await failure(answering(status), RemoteAuthRequired)).status == status


def guarded(seen: list[str], good: Callable[[], httpx2.Response], status: int = 401) -> Handler:
    def answer(request: httpx2.Request) -> httpx2.Response:
        seen.append(request.headers["authorization"])
        return good() if seen[-1] == "Bearer new" else httpx2.Response(status)

    return answer


async def test_a_refused_token_is_replaced_once() -> None:
    """A2A-CG-03."""
    seen: list[str] = []
    channel = rest(guarded(seen, lambda: httpx2.Response(200, json=TASK)), renewing=True)
    assert (await channel.get("t-1", None)).id == "t-1"
    assert seen == ["Bearer old", "Bearer new"]


async def test_a_refused_token_of_a_stream_is_replaced_once() -> None:
    """A2A-CG-03."""
    seen: list[str] = []
    channel = rest(guarded(seen, lambda: sse({"task": TASK})), renewing=True)
    assert len(await told(channel.stream(HELLO, None))) == 1
    assert seen == ["Bearer old", "Bearer new"]


async def test_a_stream_that_refuses_the_other_token_too_is_given_up() -> None:
    seen: list[str] = []
    channel = rest(guarded(seen, lambda: httpx2.Response(401)), renewing=True)
    with pytest.raises(RemoteAuthRequired):
        await told(channel.stream(HELLO, None))
    assert seen == ["Bearer old", "Bearer new"]


async def test_what_is_forbidden_is_not_tried_with_another_token() -> None:
    seen: list[str] = []
    channel = rest(guarded(seen, lambda: httpx2.Response(200, json=TASK), 403), renewing=True)
    with pytest.raises(RemoteAuthRequired):
        await channel.get("t-1", None)
    assert seen == ["Bearer old"]


async def test_what_protobuf_cannot_say_is_not_sent() -> None:
    asked: list[str] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        asked.append(request.url.path)
        return httpx2.Response(200, json={"task": TASK})

    deep: Any = []
    for _ in range(150):
        deep = [deep]
    with pytest.raises(WireError, match="cannot be said"):
        await rest(answer).send(SendRequest(message=Message.user("hello"), metadata={"deep": deep}), None)
    assert not asked


# --- gRPC ----------------------------------------------------------------------------------------------------------


class Servicer(A2AServiceServicer):
    """Keeps what it was asked."""

    def __init__(self) -> None:
        self.asked: list[Any] = []
        self.page = a2a_pb2.ListTasksResponse(tasks=[_task()], next_page_token="two")

    async def SendMessage(self, request: Any, context: Any) -> Any:  # noqa: N802 - gRPC's name
        self.asked.append(request)
        return a2a_pb2.SendMessageResponse(task=_task())

    async def ListTasks(self, request: Any, context: Any) -> Any:  # noqa: N802 - gRPC's name
        self.asked.append(request)
        return self.page

    async def GetTask(self, request: Any, context: Any) -> Any:  # noqa: N802 - gRPC's name
        await context.abort(getattr(grpc.StatusCode, request.id), "Jane Doe")

    async def SubscribeToTask(self, request: Any, context: Any) -> AsyncIterator[Any]:  # noqa: N802 - gRPC's name
        self.asked.append(request)
        for _ in range(3):
            yield a2a_pb2.StreamResponse(task=_task())


def _task() -> a2a_pb2.Task:
    return a2a_pb2.Task(
        id="t-1", context_id="c-1", status=a2a_pb2.TaskStatus(state=a2a_pb2.TaskState.TASK_STATE_WORKING)
    )


@asynccontextmanager
async def over_grpc(limits: RemoteLimits = LIMITS) -> AsyncGenerator[tuple[SdkChannel, Servicer]]:
    servicer, server = Servicer(), grpc.aio.server()
    url = f"http://127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"
    add_A2AServiceServicer_to_server(servicer, server)
    await server.start()
    async with httpx2.AsyncClient() as unused:
        way = Interface(url, "GRPC", "1.0", "acme")
        channel = SdkChannel("peer", way, unused, StaticAuthorizer(None), limits, frozenset())
        try:
            with anyio.fail_after(HANG):
                yield channel, servicer
        finally:
            await channel.aclose()
            await server.stop(None)


async def test_every_grpc_request_carries_the_tenant() -> None:
    """A2A-TEN-01."""
    async with over_grpc() as (channel, servicer):
        assert isinstance(await channel.send(HELLO, None), Task)
        await channel.list_tasks(None, "", None)
        await told(channel.subscribe("t-1", None))
    assert [request.tenant for request in servicer.asked] == ["acme"] * 3


async def test_a_page_of_tasks_is_asked_for_by_context_and_token() -> None:
    async with over_grpc() as (channel, servicer):
        page = await channel.list_tasks("c-1", "one", None)
    assert [task.id for task in page.tasks] == ["t-1"]
    assert (servicer.asked[0].context_id, servicer.asked[0].page_token) == ("c-1", "one")


async def test_a_page_with_a_task_that_is_none_is_a_typed_error() -> None:
    async with over_grpc() as (channel, servicer):
        servicer.page = a2a_pb2.ListTasksResponse(tasks=[a2a_pb2.Task()])
        with pytest.raises(RemoteProtocolError):
            await channel.list_tasks(None, "", None)


async def test_a_subscription_is_bounded_in_bytes() -> None:
    size = a2a_pb2.StreamResponse(task=_task()).ByteSize()
    async with over_grpc(RemoteLimits(stream=3 * size)) as (channel, _):
        assert len(await told(channel.subscribe("t-1", None))) == 3
    async with over_grpc(RemoteLimits(stream=3 * size - 1)) as (channel, _):
        with pytest.raises(RemoteProtocolError, match="no end"):
            await told(channel.subscribe("t-1", None))


@pytest.mark.parametrize(
    ("code", "kind", "status"),
    [
        ("UNAUTHENTICATED", RemoteAuthRequired, 401),
        ("PERMISSION_DENIED", RemoteAuthRequired, 403),
        ("RESOURCE_EXHAUSTED", RemoteAgentError, 429),
        ("UNIMPLEMENTED", RemoteAgentError, 501),
        ("DEADLINE_EXCEEDED", RequestTimeout, None),
        ("UNAVAILABLE", ConnectionFailed, None),
    ],
)
async def test_a_status_of_grpc_means_what_it_does_over_http(code: str, kind: Any, status: int | None) -> None:
    async with over_grpc() as (channel, _):
        with pytest.raises(kind) as raised:
            await channel.get(code, None)
    assert getattr(raised.value, "status", None) == status
    assert "Jane" not in str(raised.value)
