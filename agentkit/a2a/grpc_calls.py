"""The methods of A2A's gRPC services, 1.0 and 0.3, over the same operations as the other bindings (A2A-HTTP-09).

Requests become the ProtoJSON that HTTP+JSON speaks, so both have the same checks; answers go the way back. This module
needs the extra `grpc`; import it through `agentkit.a2a.grpc_server`.
"""

# grpcio has no type information.
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportUnknownParameterType=false, reportUntypedBaseClass=false
from __future__ import annotations

import asyncio
import logging
import math
import sys
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import ExitStack, aclosing, asynccontextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, cast

import grpc
import grpc.aio
from a2a.compat.v0_3 import a2a_v0_3_pb2
from a2a.types import a2a_pb2
from a2a.utils.errors import InvalidRequestError
from google.protobuf.descriptor import MethodDescriptor
from google.protobuf.json_format import MessageToDict, Parse, ParseDict, ParseError, SerializeToJsonError
from google.protobuf.message import DecodeError, Message
from google.protobuf.message_factory import GetMessageClass
from google.rpc import error_details_pb2, status_pb2

from agentkit.a2a.endpoint import Served, note_task
from agentkit.a2a.faults import as_a2a_error, error_details, grpc_status, invalid_params
from agentkit.a2a.language import Language
from agentkit.a2a.presented import Presented
from agentkit.a2a.protocol_0_3_proto import PROTOCOL_0_3_PROTO
from agentkit.a2a.protocol_1_0 import PROTOCOL_1_0
from agentkit.a2a.reception import version_of, wrong_version
from agentkit.a2a.security import Gate
from agentkit.a2a.tenancy import routed, settled
from agentkit.compose import Caller
from agentkit.errors import AuthenticationError, TooManyRequests
from agentkit.models import Json, JsonObject
from agentkit.tracing import Span, continued
from agentkit.web.arrival import Arrived
from agentkit.wire.jsontext import dump_json, is_too_deep

if TYPE_CHECKING:
    Context = grpc.aio.ServicerContext[bytes, bytes]
    Handler = grpc.RpcMethodHandler[bytes, bytes]

_SERVICES: Final = (
    (PROTOCOL_1_0, a2a_pb2.DESCRIPTOR.services_by_name["A2AService"]),
    (PROTOCOL_0_3_PROTO, a2a_v0_3_pb2.DESCRIPTOR.services_by_name["A2AService"]),
)
_REFUSED: Final = {403: "PERMISSION_DENIED", 429: "RESOURCE_EXHAUSTED", 431: "RESOURCE_EXHAUSTED", 503: "UNAVAILABLE"}

_LEAVE_SECONDS: Final = 1.0
_LARGEST: Final = int(sys.float_info.max)
_END: Final[object] = getattr(grpc.aio, "EOF")  # noqa: B009 - the stubs do not know it

_log = logging.getLogger("agentkit.a2a")


def handlers(served: Served, gate: Gate) -> list[grpc.GenericRpcHandler]:
    """The services of one agent, for a gRPC server."""
    found: list[grpc.GenericRpcHandler] = []
    for language, service in _SERVICES:
        if language.version not in served.versions:
            continue
        methods = {method.name: _handler(served, gate, language, method) for method in service.methods}
        found.append(grpc.method_handlers_generic_handler(service.full_name, methods))
    return found


def _handler(served: Served, gate: Gate, language: Language, method: MethodDescriptor) -> Handler:
    """Requests are read by us, bytes and all: within a bounded time, and after the caller is known."""
    call = GrpcMethod(served, gate, language, method)
    if method.server_streaming:
        return grpc.stream_stream_rpc_method_handler(call.stream)
    return grpc.stream_unary_rpc_method_handler(call.answer)


@dataclass(frozen=True, slots=True)
class Asked:
    """A call that was let in: what is asked, by whom, behind which event, and the span of the call."""

    params: JsonObject
    caller: Caller
    after: int | None
    hop: Span


class GrpcMethod:
    """One method of one agent."""

    def __init__(self, served: Served, gate: Gate, language: Language, method: MethodDescriptor) -> None:
        """Answer for one agent."""
        self._served = served
        self._gate = gate
        self._language = language
        self._method = method.name
        self._request: type[Message] = GetMessageClass(method.input_type)
        self._response: type[Message] = GetMessageClass(method.output_type)

    async def answer(self, _requests: object, context: Context) -> bytes:
        """A call with one answer."""
        async with self._call(context) as asked:
            result = await self._language.unary[self._method](self._served.operations, asked.params, asked.caller)
            note_task(asked.hop, result)
            return self._encoded(result)
        raise AssertionError("a call that failed was aborted")

    async def stream(self, _requests: object, context: Context) -> None:
        """A call with a stream of answers; a client that does not read is cut off."""
        async with self._call(context) as asked:
            operation = self._language.streaming[self._method]
            events = await operation(self._served.operations, asked.params, asked.caller, asked.after)
            async with aclosing(events):
                async for _, event in events:
                    await self._write(context, self._encoded(self._language.encode(event)))

    async def _write(self, context: Context, message: bytes) -> None:
        try:
            async with asyncio.timeout(self._served.operations.bounds.write_seconds):
                await context.write(message)
        except TimeoutError:
            _log.info("a stream was closed: its client reads nothing")
            # The status waits behind what is unread; whoever never reads on holds nothing of ours any more.
            with suppress(TimeoutError):
                async with asyncio.timeout(_LEAVE_SECONDS):
                    await context.abort(grpc.StatusCode.DEADLINE_EXCEEDED, "The client does not read")
            raise asyncio.CancelledError from None

    @asynccontextmanager
    async def _call(self, context: Context) -> AsyncGenerator[Asked]:
        """Let a call in, open its span, and end it with the right status when it fails."""
        metadata = _metadata(context)
        request = _request(metadata)
        with ExitStack() as stack:
            if trace := request.trace:
                stack.enter_context(continued(trace))
            hop = stack.enter_context(self._served.span(self._language, self._method))
            try:
                async with self._gate.enter(Presented.of_metadata(metadata, context.peer())) as caller:
                    params = await self._params(context, request)
                    yield Asked(params, settled(caller, routed(params)), request.last_event, hop)
            except grpc.aio.AbortError:
                raise
            except Exception as error:
                hop.set("error.type", type(error).__name__)
                await self._abort(context, error)

    async def _params(self, context: Context, request: Arrived) -> JsonObject:
        """What is asked, after all that every request passes on every binding."""
        if version_of(request) != self._language.version:
            raise wrong_version(self._served.versions)
        header = self._served.extensions.activate(request)
        if header is not None:
            await context.send_initial_metadata(((header[0].decode(), header[1].decode()),))
        return self._decoded(await self._body(context))

    async def _body(self, context: Context) -> bytes:
        seconds = self._served.operations.bounds.body_seconds
        try:
            async with asyncio.timeout(seconds):
                body = await context.read()
        except TimeoutError:
            raise InvalidRequestError(f"The request did not arrive within {seconds:g} seconds") from None
        if body is _END:
            raise InvalidRequestError("The call has no request")
        return body

    def _decoded(self, body: bytes) -> JsonObject:
        message = self._request()
        try:
            message.ParseFromString(body)
            params: JsonObject = MessageToDict(message)
        except DecodeError:
            raise InvalidRequestError(f"The request is no {message.DESCRIPTOR.full_name}") from None
        except (SerializeToJsonError, ValueError, RecursionError, OverflowError):
            raise invalid_params("", "holds a number or text that JSON cannot say") from None
        if is_too_deep(params):
            raise InvalidRequestError("The request is nested too deeply")
        return params

    async def _abort(self, context: Context, error: Exception) -> None:
        if isinstance(error, AuthenticationError | TooManyRequests):
            await _refuse(context, error)
            return
        known = as_a2a_error(error)
        # The official 0.3 client tells errors apart by the name of the class before the text.
        message = f"{type(known).__name__}: {known.message}" if self._language.version == "0.3" else known.message
        word = grpc_status(known)
        status = status_pb2.Status(code=_code(word).value[0], message=message)
        for detail in error_details(known):
            ParseDict(cast(JsonObject, detail), status.details.add())
        await _end(context, word, message, {"grpc-status-details-bin": status.SerializeToString()})

    def _encoded(self, document: Json) -> bytes:
        # By way of JSON text, so that what JSON cannot say becomes null here as on the other bindings.
        try:
            answer = Parse(dump_json(document), self._response(), ignore_unknown_fields=True)
        except ParseError:
            answer = Parse(dump_json(_in_doubles(document)), self._response(), ignore_unknown_fields=True)
        return answer.SerializeToString()


def _in_doubles(value: Json) -> Json:
    """The same with null for whole numbers that no double can be, which is what protobuf has."""
    match value:
        case dict():
            return {name: _in_doubles(inner) for name, inner in value.items()}
        case list():
            return [_in_doubles(inner) for inner in value]
        case int() if abs(value) > _LARGEST:
            return None
        case _:
            return value


def _metadata(context: Context) -> list[tuple[str, str | bytes]]:
    return [(str(key).lower(), value) for key, value in context.invocation_metadata() or ()]


def _request(metadata: Sequence[tuple[str, str | bytes]]) -> Arrived:
    """The metadata of a call as headers, so that what reads them is the same for all bindings."""
    headers = [
        (key.encode("latin-1", "replace"), value if isinstance(value, bytes) else value.encode("latin-1", "replace"))
        for key, value in metadata
    ]
    return Arrived(headers)


async def _refuse(context: Context, error: AuthenticationError | TooManyRequests) -> None:
    """Who is not let in is told what would be, as over HTTP (A2A-SEC-01)."""
    busy = isinstance(error, TooManyRequests)
    status = 429 if busy else error.status or 401
    info = error_details_pb2.ErrorInfo(reason=(error.limit if busy else error.code).upper(), domain="a2a-protocol.org")
    word = _REFUSED.get(status, "UNAUTHENTICATED")
    told = status_pb2.Status(code=_code(word).value[0], message=error.message)
    told.details.add().Pack(info)
    trailing: dict[str, str | bytes] = {"grpc-status-details-bin": told.SerializeToString()}
    if challenges := getattr(error, "challenges", ()):
        trailing["www-authenticate"] = ", ".join(challenges)
    if (seconds := getattr(error, "retry_after", None)) is not None:
        trailing["retry-after"] = str(math.ceil(seconds))
    await _end(context, word, error.message, trailing)


async def _end(context: Context, word: str, message: str, trailing: Mapping[str, str | bytes]) -> None:
    await context.abort(_code(word), message, tuple(trailing.items()))


def _code(word: str) -> grpc.StatusCode:
    return grpc.StatusCode[word]
