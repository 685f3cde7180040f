"""Traces on their way to a collector over a real socket."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import anyio
import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult

from agentkit.engine import DbosEngine
from agentkit.errors import ConfigurationError
from agentkit.platform import PlatformSettings
from agentkit.platform.traces.collector import CollectorExporter
from agentkit.platform.traces.otlp import OtlpExporter
from agentkit.platform.traces.recorder import TurnTrace
from agentkit.testing.local_platform import LocalPlatform
from agentkit.tracing import Recorded
from tests.deadline import HANG
from tests.platform.traces.collecting import Collector, told

pytestmark = pytest.mark.anyio

TRACE_ID = 0x0AF7651916CD43DD8448EB211C80319C
BEGAN = datetime(2026, 11, 20, 10, tzinfo=UTC)


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


async def test_what_cannot_be_sent_as_utf8_costs_nobody_his_spans(
    collector: Collector, caplog: pytest.LogCaptureFixture
) -> None:
    """A tool elsewhere may be called by half of a surrogate pair."""
    odd, trace = "se\ud800arch", turn()
    told_odd = Recorded("mcp.call", 4, 2, trace.origin, trace.origin, None, {"mcp.tool.name": odd}, asked=odd)
    with anyio.fail_after(HANG):
        exporter = await OtlpExporter.open(collector.url)
        exporter.export(trace._replace(spans=[told_odd, *trace.spans]))
        await exporter.close()
    assert {span.name for span in collector.spans()} == {"turn", "records", "search", "se?arch"}
    assert caplog.records == []


async def test_a_collector_that_is_away_disturbs_nothing_and_is_told_of_once(caplog: pytest.LogCaptureFixture) -> None:
    gone = Collector()
    gone.close()
    with anyio.fail_after(HANG):
        exporter = await OtlpExporter.open(f"{gone.url}/canary/v1/traces")
        for _ in range(3000):
            exporter.export(turn())
        await exporter.close()
    (told,) = [record for record in caplog.records if record.levelno >= logging.WARNING]
    assert (told.name, gone.url in told.getMessage()) == ("agentkit.platform", True)
    assert "canary" not in caplog.text


async def test_a_collector_that_refuses_disturbs_nothing(caplog: pytest.LogCaptureFixture) -> None:
    refusing = Collector(status=400)
    with anyio.fail_after(HANG):
        exporter = await OtlpExporter.open(refusing.url)
        exporter.export(turn())
        await exporter.close()
    assert refusing.paths
    refusing.close()
    assert [record.name for record in caplog.records if record.levelno >= logging.WARNING] == ["agentkit.platform"]


def test_of_a_collector_that_comes_back_it_is_told_how_much_it_missed(caplog: pytest.LogCaptureFixture) -> None:
    answers = [SpanExportResult.FAILURE, SpanExportResult.FAILURE, SpanExportResult.SUCCESS, SpanExportResult.SUCCESS]

    class Away(SpanExporter):
        def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
            logging.getLogger("opentelemetry.exporter.otlp.proto.http.trace_exporter").error("canary")
            return answers.pop(0)

    exporter = CollectorExporter(Away(), "http://collector:4318")
    for _ in range(4):
        exporter.export([ReadableSpan("a"), ReadableSpan("b")])
    assert [record.getMessage().partition(":4318 ")[2] for record in caplog.records] == [
        "is away or refuses traces; they are kept here all the same",
        "takes traces again; 4 spans did not get there",
    ]
    logging.getLogger("opentelemetry.exporter.otlp.proto.http.trace_exporter").error("of somebody else")
    assert "of somebody else" in caplog.text


@pytest.mark.parametrize("address", ["collector:4318", "ftp://collector", "http://", "", "http://[x", "http://h:port"])
async def test_an_address_that_is_none_is_refused(address: str) -> None:
    with pytest.raises(ConfigurationError, match="otlp_endpoint"):
        await OtlpExporter.open(address)


async def test_a_platform_that_cannot_start_leaves_no_engine_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def acquire(*_given: object, **_named: object) -> None:
        raise AssertionError("nobody would release it")

    monkeypatch.setattr(DbosEngine, "acquire", acquire)
    settings = PlatformSettings(database=tmp_path / "platform.db", durable=True, otlp_endpoint="collector")
    with pytest.raises(ConfigurationError, match="otlp_endpoint"):
        async with LocalPlatform(settings):
            pass


async def test_a_missing_exporter_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "opentelemetry.exporter.otlp.proto.http.trace_exporter", None)
    with pytest.raises(ConfigurationError, match=r"corti-agentkit\[otlp\]"):
        await OtlpExporter.open("http://127.0.0.1:4318")
