"""One canary as token and one as client secret through the demo's path, with debug logging and span capture."""

from __future__ import annotations

import io
import logging
from collections.abc import Generator
from typing import Any

import anyio
import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from rich.console import Console

from agentkit.cli.demo.play import scenes
from agentkit.cli.demo.show import Show
from agentkit.cli.demo.stage import SECRET, TOKEN, staged
from agentkit.client import AsyncCorti
from agentkit.credentials import ClientCredentials, Token, attach, build
from agentkit.errors import ApiError, AuthenticationError, CredentialError
from agentkit.models import Message, TaskState
from agentkit.testing.leaks import LeakWatch, watching
from tests.deadline import HANG

pytestmark = pytest.mark.anyio

TOKEN_CANARY = "canary-token-7c1f4e0b9d3a"
SECRET_CANARY = "canary-secret-58ad2f6e4b90"


class _WhileWatched(trace.TracerProvider, trace.Tracer):
    """Makes spans while a test of this module looks, and none for the other tests of its process.

    OpenTelemetry takes one provider per process, for good.
    """

    def __init__(self) -> None:
        self.watched: trace.Tracer | None = None

    @property
    def _tracer(self) -> trace.Tracer:
        return self.watched or trace.NoOpTracer()

    def get_tracer(self, *args: Any, **kwargs: Any) -> trace.Tracer:
        return self

    def start_span(self, *args: Any, **kwargs: Any) -> trace.Span:
        return self._tracer.start_span(*args, **kwargs)

    def start_as_current_span(self, *args: Any, **kwargs: Any) -> Any:
        return self._tracer.start_as_current_span(*args, **kwargs)


@pytest.fixture(scope="session")
def provider() -> _WhileWatched:
    provider = _WhileWatched()
    trace.set_tracer_provider(provider)
    return provider


@pytest.fixture
def exporter(provider: _WhileWatched) -> Generator[InMemorySpanExporter]:
    """Spans of this process, as long as the test lasts."""
    exporter, watched = InMemorySpanExporter(), TracerProvider()
    watched.add_span_processor(SimpleSpanProcessor(exporter))
    provider.watched = watched.get_tracer("test")
    yield exporter
    provider.watched = None


@pytest.fixture
def debug_logging(caplog: pytest.LogCaptureFixture) -> Generator[pytest.LogCaptureFixture]:
    with caplog.at_level(logging.DEBUG):
        yield caplog


async def test_the_credentials_reach_their_servers_and_nothing_else(
    exporter: InMemorySpanExporter, debug_logging: pytest.LogCaptureFixture
) -> None:
    """Design D4, MCPAUTH-15."""
    printed = io.StringIO()
    with anyio.fail_after(HANG):
        async with staged(token=TOKEN_CANARY, secret=SECRET_CANARY) as stage:
            await scenes(Show(Console(file=printed, width=200)), stage)
            watch = stage.watch
            for record in debug_logging.records:
                watch.look("captured logs", f"{record.getMessage()} {record.__dict__}")
            for span in exporter.get_finished_spans():
                watch.look("captured spans", span.to_json())
            watch.look("console", printed.getvalue())
    assert len(exporter.get_finished_spans()) > 20
    assert {record.levelno for record in debug_logging.records} >= {logging.DEBUG}
    assert _kinds(watch.places(TOKEN)) == {
        "platform: request message:send body",
        "MCP servers: request /ehr/mcp header authorization",
    }
    assert _kinds(watch.places(SECRET)) == {
        "platform: request message:send body",
        "authorization server: request /token header authorization",
    }


async def test_no_error_on_the_way_shows_a_credential(
    exporter: InMemorySpanExporter, debug_logging: pytest.LogCaptureFixture
) -> None:
    """MCPAUTH-06, MCPAUTH-09, MCPAUTH-10, V1-ERR-01: refusals carry codes and names, never values."""
    token, pair = Token("ehr", TOKEN_CANARY), ClientCredentials("questionnaires", "stranger", SECRET_CANARY)
    doubled = Message.user("hello").model_copy(update={"parts": (build(token), build(token))})
    nameless = Message.user(data=[{"type": "credentials", "client_id": "c", "client_secret": SECRET_CANARY}])
    broken = attach(Message.user("hello"), [token, pair]).model_copy(update={"message_id": " "})
    unknown = "11111111-1111-4111-8111-111111111111"
    # The servers know other secrets, so both credentials are refused wherever they get to.
    with anyio.fail_after(HANG):
        async with staged() as stage, watching(LeakWatch({TOKEN: TOKEN_CANARY, SECRET: SECRET_CANARY})) as watch:
            agent = await stage.corti.agents.create(stage.agent)
            for message in (doubled, nameless, broken):
                with pytest.raises(ApiError) as refused:
                    await agent.send(message)
                watch.look("errors", refused.value)
            with pytest.raises(ApiError) as refused:
                await agent.send("hello", context=unknown, credentials=[token, pair])
            watch.look("errors", refused.value)
            with pytest.raises(CredentialError) as doubled_here:
                await agent.send("hello", credentials=[token, token])
            watch.look("errors", doubled_here.value)
            reply = await agent.send("Which allergies does Robert Okafor have?", credentials=[token, pair])
            assert reply.state is TaskState.AUTH_REQUIRED
            watch.look("answers", reply.answer.model_dump_json())
            async with AsyncCorti(
                base_url=stage.platform.url, client_id="local-client", client_secret=SECRET_CANARY
            ) as stranger:
                with pytest.raises(AuthenticationError) as unauthorized:
                    await stranger.agents.list().all()
            watch.look("errors", unauthorized.value)
            for record in debug_logging.records:
                watch.look("captured logs", f"{record.getMessage()} {record.__dict__}")
            for span in exporter.get_finished_spans():
                watch.look("captured spans", span.to_json())
            await watch.look_in_files("databases", stage.folder)
    assert not watch.sightings


async def test_the_same_search_finds_a_canary_planted_in_each_place(exporter: InMemorySpanExporter) -> None:
    """The positive control: without it the test above proves nothing."""
    async with staged(token=TOKEN_CANARY, secret=SECRET_CANARY) as stage:
        watch = stage.watch
        exporter.clear()
        logging.getLogger("planted").debug("%s", TOKEN_CANARY)
        with trace.get_tracer("planted").start_as_current_span("planted", attributes={"x": TOKEN_CANARY}):
            pass
        for span in exporter.get_finished_spans():
            watch.look("captured spans", span.to_json())
        await anyio.Path(stage.folder / "planted.db").write_text(f"...{SECRET_CANARY}...")
        await watch.look_in_files("databases", stage.folder)
        watch.look("events", f'{{"text": "{TOKEN_CANARY}"}}')
        watch.look("errors", ValueError(SECRET_CANARY))
    assert watch.places(TOKEN) == {"logs", "captured spans", "events"}
    assert watch.places(SECRET) == {"databases", "errors"}


def _kinds(places: frozenset[str]) -> set[str]:
    return {
        "platform: request message:send body" if place.endswith("/v1/message:send body") else place for place in places
    }
