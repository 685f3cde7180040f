"""Credentials of `mcp` connectors in v2: all five types, by data part, by stored secret, inherited (V2-OBJ-10)."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from starlette.types import Receive, Scope, Send

from agentkit.mcp.hosting.authorization import ApiKeyAuth, NoAuth, ServerAuth
from agentkit.platform import PlatformSettings
from agentkit.testing.leaks import LeakWatch
from agentkit.testing.local_platform import LocalPlatform
from tests.platform.orchestration.making import made, mcp
from tests.platform.parts import BEARER, CLIENT, OAUTH, TOKEN, TOOLS, Plain, Talk, tools_app

pytestmark = pytest.mark.anyio

KEY = "canary-key-4c1d7e"
PAIR = ":".join(CLIENT)


class Headers:
    """An app that notes the headers that came to a path."""

    def __init__(self, app: Any) -> None:
        self._app = app
        self.seen: list[dict[str, str]] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"].endswith("/mcp"):
            self.seen.append({name.decode(): value.decode() for name, value in scope["headers"]})
        await self._app(scope, receive, send)


@asynccontextmanager
async def talking(
    auth: Mapping[str, Any] | None, server: ServerAuth, **secrets: str
) -> AsyncGenerator[tuple[Talk, Headers]]:
    app = Headers(tools_app({"ehr": server}))
    settings = PlatformSettings(secrets=secrets)
    async with LocalPlatform(settings, servers={TOOLS: app}, reasoner=Plain()) as platform:
        yield await made(platform, mcp("ehr", auth)), app


async def sent(chief: Talk, *data: Mapping[str, Any], text: str = "hello", **names: str) -> dict[str, Any]:
    """A message over v2 with auth parts in the spelling of A2A 1.0 (MCPAUTH-19)."""
    parts: list[dict[str, Any]] = [{"text": text}] if text else []
    message = {
        "messageId": str(uuid4()),
        "role": "ROLE_USER",
        "parts": [*parts, *({"data": one} for one in data)],
        **names,
    }
    answer = await chief.api.post(f"/v2/agentic/agents/{chief.agent}/a2a/message:send", json={"message": message})
    assert answer.status_code == 200, answer.text
    return answer.json()["task"]


def token(value: str = TOKEN) -> dict[str, str]:
    return {"type": "token", "mcp_name": "ehr", "token": value}


def client(secret: str = CLIENT[1]) -> dict[str, str]:
    return {"type": "credentials", "mcp_name": "ehr", "client_id": CLIENT[0], "client_secret": secret}


COMPLETED, WAITS = "TASK_STATE_COMPLETED", "TASK_STATE_AUTH_REQUIRED"


@pytest.mark.parametrize("auth", [None, {"type": "none"}])
async def test_none_sends_nothing_whatever_is_given(auth: dict[str, str] | None) -> None:
    """MCPAUTH-04, MCPAUTH-19."""
    async with talking(auth, NoAuth()) as (chief, app):
        task = await sent(chief, token())
        assert task["status"]["state"] == COMPLETED
        assert all("authorization" not in headers and "x-api-key" not in headers for headers in app.seen)


async def test_bearer_takes_the_token_of_a_part() -> None:
    """MCPAUTH-06, MCPAUTH-19, CON-18."""
    async with talking({"type": "bearer"}, BEARER) as (chief, app):
        assert (await sent(chief, token()))["status"]["state"] == COMPLETED
        assert {headers.get("authorization") for headers in app.seen} == {f"Bearer {TOKEN}"}
        # In another context nothing is known of it, and v2 says so, over HTTP+JSON as well (V2-AUTH-01).
        waiting = await sent(chief)
        assert waiting["status"]["state"] == WAITS
        assert "ehr" in json.dumps(waiting["status"]["message"])
        done = await sent(chief, token(), text="", taskId=waiting["id"])
        assert (done["id"], done["status"]["state"]) == (waiting["id"], COMPLETED)


async def test_a_wrong_token_waits_for_another_one() -> None:
    """MCPAUTH-06, MCPAUTH-18."""
    async with talking({"type": "bearer"}, BEARER) as (chief, _):
        waiting = await sent(chief, token("wrong"))
        assert waiting["status"]["state"] == WAITS
        assert "wrong" not in json.dumps(waiting)
        assert (await sent(chief, token(), text="", taskId=waiting["id"]))["status"]["state"] == COMPLETED


async def test_bearer_takes_the_stored_secret_it_refers_to_and_a_part_wins_over_it() -> None:
    """V2-OBJ-10: `ref`; V1-AGENT-10 for the order."""
    async with talking({"type": "bearer", "ref": "ward"}, BEARER, ward=TOKEN) as (chief, app):
        assert (await sent(chief))["status"]["state"] == COMPLETED
        assert (await sent(chief, token("other")))["status"]["state"] == WAITS
        assert {headers.get("authorization") for headers in app.seen} == {f"Bearer {TOKEN}", "Bearer other"}


async def test_a_secret_that_is_not_stored_is_a_missing_credential() -> None:
    """V2-OBJ-10."""
    async with talking({"type": "bearer", "ref": "nowhere"}, BEARER, ward=TOKEN) as (chief, app):
        waiting = await sent(chief)
        assert waiting["status"]["state"] == WAITS
        assert "stored secret" in json.dumps(waiting["status"]["message"])
        assert app.seen == []


async def test_an_api_key_comes_as_token_part_and_goes_into_its_own_header() -> None:
    """V2-OBJ-10: `apiKey`, decided locally (MCPAUTH-19)."""
    async with talking({"type": "apiKey"}, ApiKeyAuth({"ward": KEY})) as (chief, app):
        assert (await sent(chief, token(KEY)))["status"]["state"] == COMPLETED
        assert {headers.get("x-api-key") for headers in app.seen} == {KEY}
        assert all("authorization" not in headers for headers in app.seen)
        assert (await sent(chief))["status"]["state"] == WAITS
        assert (await sent(chief, client()))["status"]["state"] == WAITS


async def test_an_api_key_may_be_a_stored_secret() -> None:
    """V2-OBJ-10."""
    async with talking({"type": "apiKey", "ref": "ward"}, ApiKeyAuth({"ward": KEY}), ward=KEY) as (chief, _):
        assert (await sent(chief))["status"]["state"] == COMPLETED


async def test_oauth2_takes_client_credentials_of_a_part() -> None:
    """MCPAUTH-07, MCPAUTH-19."""
    async with talking({"type": "oauth2", "scope": "tools"}, OAUTH) as (chief, app):
        assert (await sent(chief, client()))["status"]["state"] == COMPLETED
        assert all(headers.get("authorization", "Bearer ey").startswith("Bearer ey") for headers in app.seen)
        assert (await sent(chief, client("wrong-secret")))["status"]["state"] == WAITS
        # A token is no pair, so it counts as absent (MCPAUTH-08).
        assert (await sent(chief, token()))["status"]["state"] == WAITS


async def test_oauth2_takes_a_stored_pair() -> None:
    """V2-OBJ-10: the secret is `client_id:client_secret`."""
    async with talking({"type": "oauth2", "ref": "ward"}, OAUTH, ward=PAIR) as (chief, _):
        assert (await sent(chief))["status"]["state"] == COMPLETED
    async with talking({"type": "oauth2", "ref": "ward"}, OAUTH, ward="no-pair") as (chief, _):
        assert (await sent(chief))["status"]["state"] == WAITS


async def test_inherit_passes_the_callers_bearer_on_and_a_token_part_replaces_it() -> None:
    """V2-OBJ-10, MCPAUTH-05."""
    async with talking({"type": "inherit"}, NoAuth()) as (chief, app):
        assert (await sent(chief))["status"]["state"] == COMPLETED
        assert {headers.get("authorization") for headers in app.seen} == {chief.api.headers["authorization"]}
        app.seen.clear()
        assert (await sent(chief, token("replaced")))["status"]["state"] == COMPLETED
        assert {headers.get("authorization") for headers in app.seen} == {"Bearer replaced"}


async def test_parts_count_on_the_first_message_of_a_context_only() -> None:
    """MCPAUTH-14, MCPAUTH-16 in v2."""
    async with talking({"type": "bearer"}, BEARER) as (chief, app):
        first = await sent(chief, token("wrong"))
        assert (await sent(chief, token(), contextId=first["contextId"]))["status"]["state"] == WAITS
        assert {headers.get("authorization") for headers in app.seen} == {"Bearer wrong"}


@pytest.mark.parametrize(
    ("data", "code"),
    [
        ({"type": "token", "mcp_name": "ehr"}, "mcp_auth_missing_token"),
        ({"type": "token", "token": "t"}, "mcp_auth_missing_name"),
        ({"type": "credentials", "mcp_name": "ehr", "client_id": "i"}, "mcp_auth_missing_credentials"),
    ],
)
async def test_an_incomplete_part_is_a_bad_request_in_v2_too(data: dict[str, str], code: str) -> None:
    """MCPAUTH-10, MCPAUTH-11 with V2-ERR-02."""
    async with talking({"type": "bearer"}, BEARER) as (chief, app):
        message = {"messageId": "m", "role": "ROLE_USER", "parts": [{"data": data}]}
        answer = await chief.api.post(f"/v2/agentic/agents/{chief.agent}/a2a/message:send", json={"message": message})
        assert answer.status_code == 400
        assert answer.json()["error"]["status"] == "INVALID_ARGUMENT"
        assert code in answer.text.lower()
        assert app.seen == []


async def test_no_secret_of_v2_is_stored_logged_traced_or_told(tmp_path: Path) -> None:
    """MCPAUTH-15 over v2: database, logs, spans, answers, history, contexts, memory."""
    watch = LeakWatch({"key": KEY, "stored": "canary-stored-81f0", "secret": CLIENT[1], "wrong": "canary-wrong-77aa"})
    app = tools_app(
        {"ehr": ApiKeyAuth({"ward": KEY}), "lab": ApiKeyAuth({"lab": "canary-stored-81f0"}), "forms": OAUTH}
    )
    reasoner = Plain()
    settings = PlatformSettings(database=tmp_path / "platform.db", secrets={"lab-key": "canary-stored-81f0"})
    with watch.logs(), watch.spans():
        async with LocalPlatform(settings, servers={TOOLS: watch.traffic("tools", app)}, reasoner=reasoner) as platform:
            chief = await made(
                platform,
                mcp("ehr", {"type": "apiKey"}),
                mcp("lab", {"type": "apiKey", "ref": "lab-key"}),
                mcp("forms", {"type": "oauth2"}),
            )
            pair = {**client(), "mcp_name": "forms"}
            told: list[object] = [await sent(chief, token(KEY), pair)]
            task: Any = told[0]
            assert task["status"]["state"] == COMPLETED
            told.append(await sent(chief, token("canary-wrong-77aa"), pair))
            told.append(await sent(chief, token(KEY), pair, contextId=task["contextId"]))
            root = "/v2/agentic"
            told += [
                (await chief.api.get(path)).text
                for path in (
                    f"{root}/agents/{chief.agent}",
                    f"{root}/agents/{chief.agent}/connectors",
                    f"{root}/agents/{chief.agent}/a2a/tasks/{task['id']}",
                    f"{root}/contexts/{task['contextId']}",
                    f"{root}/contexts/{task['contextId']}/trace",
                    f"/agents/{chief.agent}",
                )
            ]
            for answer in told:
                watch.look("answers", json.dumps(answer))
            for situation in reasoner.situations:
                watch.look("reasoner", str([situation.text, situation.data, situation.history, situation.recalled]))
            await watch.look_in_files("files", tmp_path)
    await watch.look_in_files("files", tmp_path)
    assert watch.places("key") == {"tools: request /ehr/mcp header x-api-key"}
    assert watch.places("stored") == {"tools: request /lab/mcp header x-api-key"}
    assert watch.places("wrong") == {"tools: request /ehr/mcp header x-api-key"}
    assert all("/token" in place for place in watch.places("secret"))
    assert watch.places("secret")
