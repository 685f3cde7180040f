"""A client of the gRPC binding that says what comes back in the words of the others."""

# grpcio has no type information.
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false
from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager
from typing import Any, cast

import grpc.aio
from a2a.compat.v0_3 import a2a_v0_3_pb2
from a2a.types import a2a_pb2
from google.protobuf.json_format import MessageToDict, ParseDict
from google.protobuf.message_factory import GetMessageClass
from google.rpc import error_details_pb2, status_pb2

from agentkit.a2a import Gate
from agentkit.a2a.grpc_server import a2a_grpc
from agentkit.a2a.operations import Offers
from tests.a2a.desk import URL, Answer, Served, StreamEvent

SERVICES = {
    "1.0": a2a_pb2.DESCRIPTOR.services_by_name["A2AService"],
    "0.3": a2a_v0_3_pb2.DESCRIPTOR.services_by_name["A2AService"],
}
HTTP = {
    "INVALID_ARGUMENT": 400,
    "FAILED_PRECONDITION": 400,
    "NOT_FOUND": 404,
    "UNAUTHENTICATED": 401,
    "PERMISSION_DENIED": 403,
    "RESOURCE_EXHAUSTED": 429,
    "INTERNAL": 500,
    "UNIMPLEMENTED": 501,
}
REGISTERED = error_details_pb2.ErrorInfo


class GrpcPeer:
    """Speaks gRPC."""

    def __init__(self, channel: grpc.aio.Channel, token: str | None = None, version: str = "1.0") -> None:
        self.channel = channel
        self.metadata: list[tuple[str, str]] = [("a2a-version", version)]
        self.trailing: dict[str, Any] = {}
        self._version = version
        if token is not None:
            self.metadata.append(("authorization", f"Bearer {token}"))

    def call(self, operation: str) -> tuple[Any, Any, Any]:
        """The call, and the messages it takes and gives."""
        service = SERVICES[self._version]
        method = service.methods_by_name[operation]
        request, response = GetMessageClass(method.input_type), GetMessageClass(method.output_type)
        kind = self.channel.unary_stream if method.server_streaming else self.channel.unary_unary
        path = f"/{service.full_name}/{operation}"
        made = kind(path, request_serializer=_bytes, response_deserializer=response.FromString)
        return made, request, response

    async def ask(self, operation: str, params: dict[str, Any]) -> Answer:
        call, request, _ = self.call(operation)
        return await self.ask_raw(operation, ParseDict(params, request(), ignore_unknown_fields=True), call)

    async def ask_raw(self, operation: str, message: Any, call: Any = None) -> Answer:
        """A call with a message, or with bytes that are none."""
        made = call or self.call(operation)[0]
        try:
            answer = await made(message, metadata=self.metadata)
            # A list says what is empty, as it does in JSON; elsewhere what is empty is left out.
            whole = answer.DESCRIPTOR.name == "ListTasksResponse"
            result = MessageToDict(answer, always_print_fields_with_no_presence=whole)
            return Answer(200, _without_empty(result) if whole else result)
        except grpc.aio.AioRpcError as error:
            return self._answer(error)

    async def stream(self, operation: str, params: dict[str, Any]) -> AsyncGenerator[StreamEvent | Answer]:
        call, request, _ = self.call(operation)
        async for event in self.stream_raw(call, ParseDict(params, request(), ignore_unknown_fields=True)):
            yield event

    async def stream_raw(self, call: Any, message: Any) -> AsyncGenerator[StreamEvent | Answer]:
        """A stream for a message, or for bytes that are none."""
        events = call(message, metadata=self.metadata)
        try:
            async for event in events:
                yield StreamEvent(None, MessageToDict(event))
        except grpc.aio.AioRpcError as error:
            yield self._answer(error)
        finally:
            events.cancel()

    def _answer(self, error: grpc.aio.AioRpcError) -> Answer:
        trailing = {str(key): value for key, value in error.trailing_metadata() or ()}
        self.trailing = trailing
        status = HTTP.get(error.code().name, 0)
        body: dict[str, Any] = {"code": status, "status": error.code().name, "message": error.details()}
        if "grpc-status-details-bin" in trailing:
            told = status_pb2.Status.FromString(cast(bytes, trailing["grpc-status-details-bin"]))
            assert (told.code, told.message) == (error.code().value[0], error.details())
            body["details"] = MessageToDict(told)["details"]
            for detail in body["details"]:
                detail.setdefault("metadata", {})
        return Answer(status, error=body)


def _without_empty(listed: dict[str, Any]) -> dict[str, Any]:
    tasks = [{key: value for key, value in task.items() if value} for task in listed["tasks"]]
    return listed | {"tasks": tasks}


def _bytes(message: Any) -> bytes:
    return message if isinstance(message, bytes) else message.SerializeToString()


@contextmanager
def held_poller() -> Generator[None]:
    """gRPC's thread lives as long as anything of it does, and is joined at the end of the last one: not on a loop."""
    aio: Any = grpc.aio

    async def start() -> None:
        aio.init_grpc_aio()

    asyncio.run(start())
    yield
    aio.shutdown_grpc_aio()


@asynccontextmanager
async def grpc_channel(
    served: Served,
    *,
    gate: Gate | None = None,
    offers: Offers | None = None,
    versions: tuple[str, ...] = ("1.0", "0.3"),
) -> AsyncGenerator[grpc.aio.Channel]:
    """A channel to a gRPC server beside the served desk, over the same service."""
    async with (
        a2a_grpc(
            served.agent,
            served.service,
            url=URL,
            port=0,
            card=served.card,
            gate=gate or served.gate,
            offers=offers or served.offers,
            versions=versions,
            grace_seconds=0.1,
        ) as port,
        grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel,
    ):
        yield channel
