"""A worker over a real MCP server in this process: listing, calling, failing, and wanting a credential."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Annotated

import anyio
import httpx2
import pytest
from pydantic import BaseModel, Field

from agentkit.errors import McpAuthRequired
from agentkit.experts import McpToolbox, Step, Worker, WorkerResult, WorkerState
from agentkit.mcp import BearerAuth, BearerToken, HostedServer, McpClient, ToolError, ToolServer, host
from agentkit.reasoning import RuleReasoner, Situation
from agentkit.testing.asgi import ASGITransport, running
from tests.deadline import HANG

pytestmark = pytest.mark.anyio

URL = "http://127.0.0.1:8701"


class Tide(BaseModel):
    """A tide."""

    harbour: str = Field(description="Where")
    height: float = Field(description="Metres")

    def to_text(self) -> str:
        """In words."""
        return f"High tide of {self.height} m at {self.harbour}"


def tides() -> ToolServer:
    server = ToolServer("tides", title="Tides", version="1")

    @server.tool(title="High tide")
    async def high_tide(harbour: Annotated[str, Field(description="Name of the harbour")]) -> Tide:
        """Tell the next high tide at a harbour."""
        if harbour == "Atlantis":
            raise ToolError("There is no such harbour.", code="not-found", hint="Name a harbour of this coast.")
        return Tide(harbour=harbour, height=4.2)

    assert high_tide.__name__ == "high_tide"
    return server


@asynccontextmanager
async def worker_with(token: str | None) -> AsyncGenerator[Worker]:
    app = host([HostedServer(tides(), "/tides/mcp", BearerAuth("let-me-in"))], public_url=URL)
    async with running(app), httpx2.AsyncClient(transport=ASGITransport(app), timeout=HANG) as http:
        auth = BearerToken(token) if token else None
        client = McpClient(f"{URL}/tides/mcp", name="tides", http=http, auth=auth)
        try:
            yield Worker("pilot", RuleReasoner(), {"tides": McpToolbox(client)})
        finally:
            await client.aclose()


async def ask(worker: Worker, text: str) -> WorkerResult:
    result = [event async for event in worker.run(Situation(text))][-1]
    assert isinstance(result, WorkerResult)
    return result


async def test_tools_are_listed_with_title_schema_and_whether_they_only_read() -> None:
    with anyio.fail_after(HANG):
        async with worker_with("let-me-in") as worker:
            (tool,) = await worker.tools()
    assert tool.name == "high_tide"
    assert tool.description.splitlines() == ["High tide", "Tell the next high tide at a harbour."]
    assert tool.read_only
    assert tool.output_schema is not None


async def test_a_question_is_answered_over_the_wire() -> None:
    with anyio.fail_after(HANG):
        async with worker_with("let-me-in") as worker:
            result = await ask(worker, "When is high tide at Dover?")
    (step,) = result.steps
    assert isinstance(step, Step)
    assert (step.server, step.tool, step.arguments) == ("tides", "high_tide", {"harbour": "Dover"})
    assert step.result == {"harbour": "Dover", "height": 4.2}
    assert result.text == "High tide of 4.2 m at Dover"


async def test_a_failure_of_the_tool_is_told_in_its_words() -> None:
    with anyio.fail_after(HANG):
        async with worker_with("let-me-in") as worker:
            result = await ask(worker, "When is high tide at Atlantis?")
    assert (result.steps[0].failed, result.steps[0].code) == (True, "not-found")
    assert result.state is WorkerState.COMPLETED
    assert "There is no such harbour." in result.text


@pytest.mark.parametrize("token", [None, "wrong"])
async def test_a_missing_or_wrong_credential_is_a_typed_error_that_names_the_server(token: str | None) -> None:
    with anyio.fail_after(HANG):
        async with worker_with(token) as worker:
            with pytest.raises(McpAuthRequired) as caught:
                await ask(worker, "When is high tide at Dover?")
    assert caught.value.server == "tides"
