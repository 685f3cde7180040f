"""What is gRPC's own: who gets in, versions, spans, how it starts, ends and bounds its clients."""

# grpcio has no type information.
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false
from __future__ import annotations

import logging
import sys
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import anyio
import grpc
import grpc.aio
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from agentkit.a2a import CREDENTIALS_EXTENSION, BearerAuth, Gate, Limits, Security
from agentkit.a2a.grpc_server import Certificate, a2a_grpc
from agentkit.a2a.operations import Offers
from agentkit.compose import RunContext
from agentkit.errors import ConfigurationError, ServeError, SpecError
from agentkit.models import Event, Message
from agentkit.tracing import SpanRecord, listen
from agentkit.web.bounds import Bounds
from tests.a2a.desk import URL, Desk, Served, StreamEvent, all_events, message, served_desk
from tests.a2a.grpc_peer import GrpcPeer, grpc_channel
from tests.deadline import HANG

pytestmark = pytest.mark.anyio


def guarded_gate(limits: Limits | None = None) -> Gate:
    return Gate(Security(BearerAuth({"alice": "alice-token", "bob": "bob-token"})), limits=limits)


async def test_a_call_without_a_known_token_is_challenged_a2a_sec_01(served: Served) -> None:
    async with grpc_channel(served, gate=guarded_gate()) as channel:
        for token in (None, "alice-tokem"):
            peer = GrpcPeer(channel, token)
            answer = await peer.ask("ListTasks", {})
            assert (answer.status, answer.error["status"]) == (401, "UNAUTHENTICATED")
            assert peer.trailing["www-authenticate"].startswith("Bearer")
            stream = [event async for event in peer.stream("SendStreamingMessage", message("x"))]
            assert [getattr(event, "status", 0) for event in stream] == [401]
        assert (await GrpcPeer(channel, "alice-token").ask("ListTasks", {})).status == 200
    assert served.agent.seen == []


async def test_a_foreign_task_looks_like_a_missing_one_over_grpc_a2a_sec_02(served: Served) -> None:
    async with grpc_channel(served, gate=guarded_gate()) as channel:
        alice, bob = GrpcPeer(channel, "alice-token"), GrpcPeer(channel, "bob-token")
        task = (await alice.ask("SendMessage", message("ask"))).task
        known, unknown = {"id": task["id"]}, {"id": "unknown"}
        for operation in ("GetTask", "CancelTask"):
            assert await bob.ask(operation, known) == await bob.ask(operation, unknown)
        assert (await bob.ask("ListTasks", {})).result["totalSize"] == 0
        assert (await alice.ask("GetTask", known)).status == 200


async def test_who_asks_too_often_is_told_when_to_come_back(served: Served) -> None:
    gate = guarded_gate(Limits(rate=0.001, burst=1))
    async with grpc_channel(served, gate=gate) as channel:
        peer = GrpcPeer(channel, "alice-token")
        assert (await peer.ask("ListTasks", {})).status == 200
        answer = await peer.ask("ListTasks", {})
        assert answer.error["status"] == "RESOURCE_EXHAUSTED"
        assert int(peer.trailing["retry-after"]) > 0


@pytest.mark.parametrize(("version", "taken"), [("1.0", True), ("1.0.7", True), ("1.9", False), ("", False)])
async def test_the_version_is_checked_in_the_metadata_a2a_gap_03_ver_03(
    served: Served, version: str, taken: bool
) -> None:
    async with grpc_channel(served) as channel:
        peer = GrpcPeer(channel)
        peer.metadata = [("a2a-version", version)] if version else []
        answer = await peer.ask("ListTasks", {})
        assert (answer.status == 200) is taken
        assert taken or answer.reason == "VERSION_NOT_SUPPORTED"


async def test_the_answer_names_the_extensions_that_both_sides_know_a2a_ext_03(served: Served) -> None:
    async with grpc_channel(served) as channel:
        peer = GrpcPeer(channel)
        call, request, _ = peer.call("ListTasks")
        asked = call(request(), metadata=[*peer.metadata, ("a2a-extensions", f"urn:x, {CREDENTIALS_EXTENSION}")])
        await asked
        assert dict(await asked.initial_metadata())["a2a-extensions"] == CREDENTIALS_EXTENSION


class Extravagant(Desk):
    """An agent whose data holds a number that no double can be."""

    async def run(self, message: Message, context: RunContext) -> AsyncIterator[Event]:
        yield message.reply("so many", data=[{"atoms": 10**400, "moons": 2}])


async def test_a_number_that_protobuf_cannot_say_spoils_neither_the_task_nor_the_list_a2a_http_09() -> None:
    async with served_desk(agent=Extravagant()) as served, grpc_channel(served) as channel:
        peer = GrpcPeer(channel)
        task = (await peer.ask("SendMessage", message("count"))).task
        assert task["status"]["message"]["parts"][1]["data"] == {"atoms": None, "moons": 2}
        listed = await peer.ask("ListTasks", {})
        assert [one["id"] for one in listed.result["tasks"]] == [task["id"]]


async def test_only_the_services_of_the_versions_are_there_a2a_ver_07(served: Served) -> None:
    async with grpc_channel(served, versions=("1.0",)) as channel:
        answer = await GrpcPeer(channel, version="0.3").ask("GetTask", {"name": "tasks/t"})
    assert answer.error["status"] == "UNIMPLEMENTED"


async def test_a_call_opens_one_server_span_below_the_callers(served: Served) -> None:
    trace_id = "0af7651916cd43dd8448eb211c80319c"
    spans: list[SpanRecord] = []
    async with grpc_channel(served) as channel:
        peer = GrpcPeer(channel)
        peer.metadata.append(("traceparent", f"00-{trace_id}-b7ad6b7169203331-01"))
        with listen(spans.append):
            task = (await peer.ask("SendMessage", message("trace"))).task
            await all_events(peer.stream("SendStreamingMessage", message("Jane Doe")))
            await peer.ask("GetTask", {"id": "unknown"})
    assert task["status"]["message"]["parts"][0]["text"].split("-")[1] == trace_id
    ours = [span for span in spans if span.name.startswith("a2a.")]
    assert [span.name for span in ours] == ["a2a.SendMessage", "a2a.SendStreamingMessage", "a2a.GetTask"]
    assert ours[0].attributes["agentkit.task.id"] == task["id"]
    assert ours[2].attributes["error.type"] == "TaskNotFound"
    assert "Jane" not in str(spans)


async def test_a_client_that_leaves_stops_neither_the_task_nor_the_server_a2a_str_03(
    served: Served, desk: Desk
) -> None:
    async with grpc_channel(served) as channel:
        peer = GrpcPeer(channel)
        with anyio.fail_after(HANG):
            stream = peer.stream("SendStreamingMessage", message("wait"))
            first = await anext(stream)
            assert isinstance(first, StreamEvent)
            task_id = first.data["task"]["id"]
            staying = peer.stream("SubscribeToTask", {"id": task_id})
            assert isinstance(await anext(staying), StreamEvent)
            await stream.aclose()
            desk.go_on.set()
            assert (await all_events(staying))[-1].state == "TASK_STATE_COMPLETED"


async def test_a_client_that_reads_nothing_is_cut_off_after_a_bounded_time(
    caplog: pytest.LogCaptureFixture,
) -> None:
    class Flood(Desk):
        async def run(self, message: Message, context: RunContext) -> AsyncIterator[Event]:
            for index in range(400):
                yield self._chunk(context, "x" * 4000, index)
            yield message.reply("done")

    offers = Offers(bounds=Bounds(write_seconds=0.05))
    small = (("grpc.http2.bdp_probe", 0), ("grpc.http2.lookahead_bytes", 65536))
    async with (
        served_desk(agent=Flood(), offers=offers) as served,
        a2a_grpc(served.agent, served.service, url=URL, port=0, offers=offers, grace_seconds=0.1) as port,
        grpc.aio.insecure_channel(f"127.0.0.1:{port}", options=small) as channel,
    ):
        peer = GrpcPeer(channel)
        call, request, _ = peer.call("SendStreamingMessage")
        sent = request()
        sent.message.message_id = "m"
        sent.message.role = 1
        sent.message.parts.add().text = "go"
        events = call(sent, metadata=peer.metadata)
        with anyio.fail_after(HANG), caplog.at_level(logging.INFO, "agentkit.a2a"):
            await events.read()
            while "reads nothing" not in caplog.text:
                await anyio.lowlevel.checkpoint()
            seen: list[Any] = []
            with pytest.raises(grpc.aio.AioRpcError) as caught:
                await read_on(events, seen)
        assert caught.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED
        assert len(seen) < 400
        assert (await peer.ask("SendMessage", message("hello"))).status == 200


async def read_on(events: Any, seen: list[Any]) -> None:
    while event := await events.read():
        seen.append(event)


async def test_a_request_that_never_arrives_is_given_up(served: Served) -> None:
    offers = Offers(bounds=Bounds(body_seconds=0.05))
    async with grpc_channel(served, offers=offers) as channel:
        call = channel.stream_unary("/lf.a2a.v1.A2AService/SendMessage")(metadata=[("a2a-version", "1.0")])
        with anyio.fail_after(HANG):
            assert await call.code() is grpc.StatusCode.INVALID_ARGUMENT
        call = channel.stream_unary("/lf.a2a.v1.A2AService/SendMessage")(metadata=[("a2a-version", "1.0")])
        await call.done_writing()
        with anyio.fail_after(HANG):
            assert await call.code() is grpc.StatusCode.INVALID_ARGUMENT


async def test_a_request_that_is_too_large_is_refused_and_the_next_one_served(served: Served) -> None:
    async with grpc_channel(served, offers=Offers(bounds=Bounds(body=10_000))) as channel:
        peer = GrpcPeer(channel)
        answer = await peer.ask("SendMessage", message("x" * 20_000))
        assert answer.error["status"] == "RESOURCE_EXHAUSTED"
        assert (await peer.ask("SendMessage", message("hello"))).status == 200


async def test_metadata_that_is_too_large_is_refused(served: Served) -> None:
    async with grpc_channel(served) as channel:
        peer = GrpcPeer(channel)
        peer.metadata.append(("x-large", "x" * 40_000))
        assert (await peer.ask("ListTasks", {})).status != 200
        peer.metadata.pop()
        assert (await peer.ask("ListTasks", {})).status == 200


async def test_calls_at_work_may_end_when_the_server_stops(served: Served, desk: Desk) -> None:
    found: list[Any] = []
    with anyio.fail_after(HANG):
        async with anyio.create_task_group() as group:

            async def ask(peer: GrpcPeer) -> None:
                found.append(await peer.ask("SendMessage", message("wait")))

            async with (
                a2a_grpc(served.agent, served.service, url=URL, port=0, grace_seconds=HANG) as port,
                grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel,
            ):
                group.start_soon(ask, GrpcPeer(channel))
                await desk.started.wait()
                desk.go_on.set()
                while not found:
                    await anyio.lowlevel.checkpoint()
    assert found[0].task["status"]["state"] == "TASK_STATE_COMPLETED"


async def test_a_port_that_is_taken_is_a_serve_error(served: Served) -> None:
    async with a2a_grpc(served.agent, served.service, url=URL, port=0, grace_seconds=0) as port:
        with pytest.raises(ServeError, match=str(port)):
            async with a2a_grpc(served.agent, served.service, url=URL, port=port):
                pass


async def test_without_the_extra_it_says_what_to_install(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "grpc", None)
    with pytest.raises(ConfigurationError, match="grpc") as caught:
        async with a2a_grpc(served.agent, served.service, url=URL, port=0):
            pass
    assert "corti-agentkit[grpc]" in (caught.value.remedy or "")


async def test_a_version_that_does_not_exist_cannot_be_served(served: Served) -> None:
    with pytest.raises(SpecError, match="versions"):
        async with a2a_grpc(served.agent, served.service, url=URL, port=0, versions=("2.0",)):
            pass


@asynccontextmanager
async def secured(served: Served) -> AsyncGenerator[grpc.aio.Channel]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    chain = made.public_bytes(serialization.Encoding.PEM)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    certificate = Certificate(key=private, chain=chain)
    assert "PRIVATE" not in repr(certificate)
    async with (
        a2a_grpc(
            served.agent, served.service, url=URL, host="localhost", port=0, certificate=certificate, grace_seconds=0.1
        ) as port,
        grpc.aio.secure_channel(f"localhost:{port}", grpc.ssl_channel_credentials(chain)) as channel,
    ):
        yield channel


async def test_it_proves_itself_with_a_certificate_a2a_sec_03(served: Served) -> None:
    async with secured(served) as channel:
        assert (await GrpcPeer(channel).ask("SendMessage", message("hello"))).status == 200
