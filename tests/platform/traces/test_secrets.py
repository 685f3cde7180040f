"""No content in a trace unless it was switched on, and never a secret: shown, in the files, and at a collector."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.types import Receive, Scope, Send

from agentkit.mcp.hosting.authorization import BearerAuth
from agentkit.platform import PlatformSettings
from agentkit.testing.local_platform import LocalPlatform
from tests.platform.parts import CLIENT, OAUTH, TOOLS, Plain, credentials, expert, server, state, talk, token, tools_app
from tests.platform.traces.collecting import Collector, told

pytestmark = pytest.mark.anyio

WORDS = "canary-words-5a1b"
BEARER = "canary-bearer-7f3a9e1c5b"
STATIC = "canary-static-2d8e6f4a0c"
WRONG = "canary-wrong-3c5e7a9b1d"
SECRETS = (BEARER, STATIC, WRONG, CLIENT[1])


@pytest.fixture
def collector() -> Iterator[Collector]:
    running = Collector()
    yield running
    running.close()


def files(folder: Path) -> bytes:
    """What the files of the database hold."""
    return b"".join(file.read_bytes() for file in folder.glob("platform.db*"))


async def traced(settings: PlatformSettings) -> str:
    """The traces of turns that use every kind of credential, as the endpoint shows them."""
    app = tools_app({"ehr": BearerAuth(BEARER), "old": BearerAuth(STATIC), "forms": OAUTH})
    async with LocalPlatform(settings, servers={TOOLS: app}, reasoner=Plain()) as platform:
        chief = await talk(
            platform,
            [
                expert("reader", server("ehr", "bearer"), server("old", "bearer", token=STATIC)),
                expert("asker", server("forms", "oauth2.0")),
            ],
        )
        task = await chief.send(WORDS, token("ehr", BEARER), credentials("forms"))
        assert state(task) == "completed"
        refused = await chief.send(WORDS, token("ehr", WRONG), credentials("forms"))
        assert state(refused) == "auth-required"
        answers = [
            (await chief.api.get(f"/v2/agentic/contexts/{one['contextId']}/trace")).text for one in (task, refused)
        ]
        assert all('"openinference.span.kind"' in answer for answer in answers)
        bearer = chief.api.headers["authorization"].removeprefix("Bearer ")
    shown = "\n".join(answers)
    assert bearer not in shown
    return shown


@pytest.mark.parametrize("content", [False, True])
async def test_a_trace_holds_no_secret_and_content_only_where_it_was_switched_on(
    content: bool, tmp_path: Path, collector: Collector
) -> None:
    """Design D4, D11."""
    shown = await traced(
        PlatformSettings(database=tmp_path / "platform.db", trace_content=content, otlp_endpoint=collector.url)
    )
    exported = str([(span.name, told(span)) for span in collector.spans()])
    assert "openinference.span.kind" in exported
    for place in (shown, exported):
        assert [secret for secret in SECRETS if secret in place] == []
        assert (WORDS in place) is content
        assert ("input.value" in place) is content
    held = files(tmp_path)
    assert [secret for secret in SECRETS if secret.encode() in held] == []


async def test_what_is_exported_is_what_is_shown_and_the_servers_hear_of_it(collector: Collector) -> None:
    """One helper, two sinks; `traceparent` of a tool call names the span of the call."""
    app = tools_app({"ehr": BearerAuth(BEARER)})
    heard: list[str] = []

    async def listening(scope: Scope, receive: Receive, send: Send) -> None:
        heard.extend(value.decode() for name, value in scope.get("headers", []) if name == b"traceparent")
        await app(scope, receive, send)

    settings = PlatformSettings(otlp_endpoint=collector.url)
    async with LocalPlatform(settings, servers={TOOLS: listening}, reasoner=Plain()) as platform:
        chief = await talk(platform, [expert("reader", server("ehr", "bearer"))])
        task = await chief.send("hello", token("ehr", BEARER))
        (entry,) = (await chief.api.get(f"/v2/agentic/contexts/{task['contextId']}/trace")).json()["traces"]
    spans = [span for span in collector.spans() if span.trace_id.hex() == entry["trace"]["id"]]
    assert sorted(span.name for span in spans) == sorted(span["name"] for span in entry["spans"])
    (call,) = [span for span in spans if told(span)["openinference.span.kind"] == "TOOL"]
    assert f"00-{call.trace_id.hex()}-{call.span_id.hex()}-01" in heard
    for span in spans:
        (shown,) = [one for one in entry["spans"] if one["span_id"].replace("-", "").endswith(span.span_id.hex()[1:])]
        assert shown["attributes"] == told(span)
