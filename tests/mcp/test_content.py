"""What a call says stays out of logs and spans, and the SDK's own loggers are left usable (design D11, MCP-LOG)."""

from __future__ import annotations

import logging

import anyio
import pytest
from mcp.shared import _otel
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from agentkit.errors import McpError, ToolFailed
from agentkit.mcp import ToolError, ToolServer, withhold_content
from agentkit.testing.leaks import LeakWatch
from tests.deadline import HANG
from tests.mcp.library import Book, Books, house

pytestmark = pytest.mark.anyio

ASKED, ANSWERED, FAILED = "CANARY-asked-81", "CANARY-answered-82", "CANARY-failed-83"


def clinic() -> ToolServer:
    server = ToolServer("loans")

    @server.tool()
    async def answer() -> Books:
        """Answer."""
        return Books(books=[Book(title=ANSWERED)])

    @server.tool()
    async def fail() -> Books:
        """Fail."""
        raise ToolError(FAILED, code="not-found")

    @server.tool()
    async def crash() -> Books:
        """Crash."""
        raise ValueError(FAILED)

    return server


@pytest.mark.parametrize("era", ["auto", "legacy"])
async def test_arguments_answers_and_failures_stay_out_of_logs_and_spans(
    era: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    monkeypatch.setattr(_otel, "_tracer", provider.get_tracer("mcp-python-sdk"))
    watch = LeakWatch({"asked": ASKED, "answered": ANSWERED, "failed": FAILED})
    async with house(server=clinic()) as home, home.client(mode=era) as client:
        with watch.logs(), watch.spans(), anyio.fail_after(HANG):
            assert ANSWERED in (await client.call_tool("answer")).text
            for name, arguments in (("answer", {"words": ASKED}), ("fail", {}), ("crash", {})):
                with pytest.raises(ToolFailed) as caught:
                    await client.call_tool(name, dict(arguments))
                watch.look("message", str(caught.value))
    for span in exporter.get_finished_spans():
        watch.look("SDK spans", span.to_json())
    assert exporter.get_finished_spans()
    assert watch.sightings.total() == 0


async def test_what_a_log_line_is_about_is_still_said(caplog: pytest.LogCaptureFixture) -> None:
    withhold_content()
    withhold_content()
    logger = logging.getLogger("mcp.client.streamable_http")
    caplog.set_level(logging.DEBUG, logger.name)
    logger.debug("Sending client message: %s", ASKED)
    logger.debug("plain words")
    logger.info("Received session ID: 7")
    try:
        raise ValueError(ASKED)
    except ValueError:
        logger.exception("Error parsing SSE message")
    lines = [record.getMessage() for record in caplog.records]
    assert lines == [
        "Sending client message: <withheld>",
        "plain words",
        "Received session ID: <withheld>",
        "Error parsing SSE message (ValueError)",
    ]
    assert ASKED not in caplog.text
    assert len(logger.filters) == 1


def test_errors_of_this_room_are_one_family() -> None:
    assert issubclass(ToolFailed, McpError)
