"""Traces on their way to a collector over a real socket."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any

import anyio
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from agentkit.errors import ConfigurationError
from agentkit.platform.traces.otlp import OtlpExporter
from agentkit.platform.traces.recorder import TurnTrace
from agentkit.tracing import Recorded
from tests.deadline import HANG

pytestmark = pytest.mark.anyio

TRACE_ID = 0x0AF7651916CD43DD8448EB211C80319C
BEGAN = datetime(2026, 11, 20, 10, tzinfo=UTC)


class Collector:
    """Takes what comes over OTLP, on a free port of the loopback."""

    def __init__(self, status: int = 200) -> None:
        self.requests: list[ExportTraceServiceRequest] = []
        self.paths: list[str] = []
        collector = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                if self.headers.get("content-encoding") is None:
                    collector.requests.append(ExportTraceServiceRequest.FromString(body))
                collector.paths.append(self.path)
                self.send_response(status)
                self.end_headers()

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name of the base class
                pass

        self._server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def spans(self) -> list[Any]:
        return [
            span
            for request in self.requests
            for resource in request.resource_spans
            for scope in resource.scope_spans
            for span in scope.spans
        ]


def told(span: Any) -> dict[str, Any]:
    """The attributes of a span."""
    return {one.key: getattr(one.value, one.value.WhichOneof("value")) for one in span.attributes}


@pytest.fixture
def collector() -> Iterator[Collector]:
    running = Collector()
    yield running
    running.close()


def turn() -> TurnTrace:
    origin = time.perf_counter()
    spans = [
        Recorded("mcp.call", 3, 2, origin + 0.1, origin + 0.2, "ToolFailed", {"mcp.tool.name": "search"}),
        Recorded("expert.work", 2, 1, origin + 0.1, origin + 0.3, None, {"agentkit.expert.name": "records"}),
        Recorded("platform.turn", 1, 0, origin, origin + 0.5, None, {"agentkit.task.id": "t"}),
    ]
    return TurnTrace(TRACE_ID, 0xB7AD6B7169203331, "t", "c", BEGAN, origin, spans, 0)


async def test_a_collector_gets_the_spans_in_openinferences_words(collector: Collector) -> None:
    """V2-OBJ-19; the turn is a child of the span that the caller named."""
    with anyio.fail_after(HANG):
        exporter = await OtlpExporter.open(collector.url)
        exporter.export(turn())
        await exporter.close()

    assert set(collector.paths) == {"/v1/traces"}
    spans = {span.name: span for span in collector.spans()}
    assert set(spans) == {"turn", "records", "search"}
    assert {span.trace_id.hex() for span in spans.values()} == {"0af7651916cd43dd8448eb211c80319c"}
    assert spans["turn"].parent_span_id.hex() == "b7ad6b7169203331"
    assert spans["records"].parent_span_id == spans["turn"].span_id
    assert spans["search"].parent_span_id == spans["records"].span_id
    assert spans["turn"].start_time_unix_nano == int(BEGAN.timestamp() * 1e9)
    assert spans["turn"].end_time_unix_nano - spans["turn"].start_time_unix_nano == pytest.approx(5e8, rel=1e-3)
    assert told(spans["search"]) == {
        "openinference.span.kind": "TOOL",
        "session.id": "ctx.c",
        "tool.name": "search",
        "error.type": "ToolFailed",
    }
    assert told(spans["records"])["openinference.span.kind"] == "AGENT"
    assert (spans["search"].status.code, spans["turn"].status.code) == (2, 0)
    (resource,) = {one.resource.SerializeToString() for request in collector.requests for one in request.resource_spans}
    assert b"agentkit-platform" in resource


async def test_an_address_with_a_path_is_taken_as_it_is(collector: Collector) -> None:
    with anyio.fail_after(HANG):
        exporter = await OtlpExporter.open(f"{collector.url}/otel/v1/traces")
        exporter.export(turn())
        await exporter.close()
    assert set(collector.paths) == {"/otel/v1/traces"}


async def test_a_collector_that_is_away_disturbs_nothing(caplog: pytest.LogCaptureFixture) -> None:
    gone = Collector()
    gone.close()
    with anyio.fail_after(HANG):
        exporter = await OtlpExporter.open(gone.url)
        for _ in range(3000):
            exporter.export(turn())
        await exporter.close()
    assert "canary" not in caplog.text


async def test_a_collector_that_refuses_disturbs_nothing() -> None:
    refusing = Collector(status=400)
    with anyio.fail_after(HANG):
        exporter = await OtlpExporter.open(refusing.url)
        exporter.export(turn())
        await exporter.close()
    assert refusing.paths
    refusing.close()


@pytest.mark.parametrize("address", ["collector:4318", "ftp://collector", "http://", ""])
async def test_an_address_that_is_none_is_refused(address: str) -> None:
    with pytest.raises(ConfigurationError, match="otlp_endpoint"):
        await OtlpExporter.open(address)


async def test_a_missing_exporter_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "opentelemetry.exporter.otlp.proto.http.trace_exporter", None)
    with pytest.raises(ConfigurationError, match=r"corti-agentkit\[otlp\]"):
        await OtlpExporter.open("http://127.0.0.1:4318")
