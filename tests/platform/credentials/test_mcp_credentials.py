"""Credentials for MCP servers by data part: every MCPAUTH rule, over real servers (section 10)."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import httpx2
import pytest

from agentkit.mcp.hosting.authorization import InheritAuth, NoAuth, ServerAuth
from agentkit.models import JsonObject
from agentkit.testing.local_platform import LocalPlatform
from tests.platform.parts import (
    BEARER,
    OAUTH,
    TOKEN,
    TOOLS,
    Plain,
    Recording,
    Talk,
    body,
    credentials,
    expert,
    said,
    server,
    state,
    talk,
    token,
    tools_app,
)

pytestmark = pytest.mark.anyio


@asynccontextmanager
async def serving(**auth: ServerAuth) -> AsyncGenerator[tuple[LocalPlatform, Recording]]:
    app = tools_app(auth)
    async with LocalPlatform(servers={"http://127.0.0.1:8701": app}, reasoner=Plain()) as platform:
        yield platform, app


@asynccontextmanager
async def talking(name: str, kind: str, auth: ServerAuth) -> AsyncGenerator[tuple[Talk, Recording]]:
    async with serving(**{name: auth}) as (platform, app):
        yield await talk(platform, [expert("reader", server(name, kind))]), app


@pytest.mark.parametrize("kind", ["token", "TOKEN", "Token"])
async def test_01_the_type_of_an_auth_part_is_read_in_any_case(kind: str) -> None:
    """MCPAUTH-01."""
    async with talking("ehr", "bearer", BEARER) as (chief, _):
        part = {"kind": "data", "data": {"type": kind, "mcp_name": "ehr", "token": TOKEN}}
        assert state(await chief.send("hello", part)) == "completed"


@pytest.mark.parametrize(
    ("data", "code"),
    [
        ({"type": "token", "mcp_name": "ehr"}, "mcp_auth_missing_token"),
        ({"type": "token", "mcp_name": "ehr", "token": ""}, "mcp_auth_missing_token"),
        ({"type": "token", "token": "t"}, "mcp_auth_missing_name"),
        ({"type": "token", "mcp_name": "  ", "token": "t"}, "mcp_auth_missing_name"),
        ({"type": "credentials", "mcp_name": "ehr", "client_id": "i"}, "mcp_auth_missing_credentials"),
        ({"type": "credentials", "mcp_name": "ehr", "client_secret": "s"}, "mcp_auth_missing_credentials"),
    ],
)
async def test_02_10_an_incomplete_part_is_a_400_and_makes_no_task(data: dict[str, str], code: str) -> None:
    """MCPAUTH-02, MCPAUTH-10, MCPAUTH-11, CON-23."""
    async with talking("ehr", "bearer", BEARER) as (chief, app):
        answer = await chief.post(body("hello", {"kind": "data", "data": dict(data)}, message_id="m-1"))
        assert (answer.status_code, answer.json()["code"]) == (400, code)
        assert app.seen == []
        # The same messageId is free still: nothing was stored.
        assert state(await chief.send("hello", token("ehr"), message_id="m-1")) == "completed"


async def test_03_the_name_is_trimmed_and_compared_with_its_case() -> None:
    """MCPAUTH-03."""
    async with talking("ehr", "bearer", BEARER) as (chief, _):
        assert state(await chief.send("hello", token("  ehr "))) == "completed"
        assert state(await chief.send("hello", token("EHR"))) == "auth-required"


async def test_04_a_server_without_authorization_gets_no_header_whatever_is_given() -> None:
    """MCPAUTH-04."""
    async with talking("open", "none", NoAuth()) as (chief, app):
        assert state(await chief.send("hello", token("open"))) == "completed"
        assert app.authorizations("/open/mcp") == {None}


async def test_04_a_server_that_wants_a_credential_it_is_not_registered_for_says_so() -> None:
    """Nothing that is sent reaches it, so no data part is asked for."""
    async with talking("plain", "none", BEARER) as (chief, _app):
        task = await chief.send("hello", token("plain"))
        assert state(task) == "auth-required"
        assert "authorizationType" in said(task)
        assert '"type":"token"' not in said(task)


async def test_05_inherit_forwards_the_callers_own_bearer() -> None:
    """MCPAUTH-05."""
    async with talking("ehr", "inherit", NoAuth()) as (chief, app):
        assert state(await chief.send()) == "completed"
        assert app.authorizations("/ehr/mcp") == {chief.api.headers["authorization"]}


async def test_05_a_token_part_replaces_the_inherited_token() -> None:
    """MCPAUTH-05."""
    async with talking("ehr", "inherit", BEARER) as (chief, app):
        assert state(await chief.send("hello", token("ehr"))) == "completed"
        assert app.authorizations("/ehr/mcp") == {f"Bearer {TOKEN}"}


async def test_05_a_server_that_checks_the_inherited_token_lets_the_caller_in() -> None:
    """MCPAUTH-05."""
    inner: list[LocalPlatform] = []

    class ToPlatform(httpx2.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
            return await inner[0].http.send(httpx2.Request(request.method, str(request.url)))

    from agentkit.mcp.hosting.app import HostedServer, host
    from tests.platform.parts import TOOLS, echo_server

    issuer = "http://127.0.0.1:8700/realms/base"
    auth = InheritAuth(issuer, ("local-client",), f"{issuer}/protocol/openid-connect/certs")
    app = host(
        [HostedServer(echo_server("ehr"), "/ehr/mcp", auth)],
        public_url=TOOLS,
        http=httpx2.AsyncClient(transport=ToPlatform()),
    )
    async with LocalPlatform(servers={TOOLS: app}, reasoner=Plain()) as platform:
        inner.append(platform)
        chief = await talk(platform, [expert("reader", server("ehr", "inherit"))])
        assert state(await chief.send()) == "completed"


async def test_06_a_missing_or_wrong_token_ends_in_auth_required_naming_the_server() -> None:
    """MCPAUTH-06, V1-OBJ-19."""
    async with talking("ehr", "bearer", BEARER) as (chief, app):
        missing = await chief.send()
        assert state(missing) == "auth-required"
        assert app.seen == []
        wrong = await chief.send("hello", token("ehr", "wrong-token"))
        assert state(wrong) == "auth-required"
        assert app.authorizations("/ehr/mcp") == {"Bearer wrong-token"}
        for task in (missing, wrong):
            assert "ehr" in said(task)
            assert '"type":"token"' in said(task)
            assert task["metadata"]["agentkit"]["authRequired"][0]["mcp_name"] == "ehr"
            assert "wrong-token" not in json.dumps(task)


async def test_07_client_credentials_feed_a_client_credentials_flow() -> None:
    """MCPAUTH-07, MCPAUTH-20: the token endpoint is found by discovery, from the server's own challenge."""
    async with talking("forms", "oauth2.0", OAUTH) as (chief, app):
        assert state(await chief.send()) == "auth-required"
        wrong = await chief.send("hello", credentials("forms", ("mcp-client", "wrong-secret")))
        assert state(wrong) == "auth-required"
        assert '"type":"credentials"' in said(wrong)
        right = await chief.send("hello", credentials("forms"))
        assert state(right) == "completed"
        assert "forms: hello" in said(right)
        bearers = app.authorizations("/forms/mcp") - {None}
        assert bearers
        assert all(value is not None and value.startswith("Bearer ey") for value in bearers)


async def test_07_a_follow_up_uses_the_same_token_of_the_flow() -> None:
    """MCPAUTH-07."""
    async with talking("forms", "oauth2.0", OAUTH) as (chief, app):
        first = await chief.send("hello", credentials("forms"))
        fetched = [path for path, _ in app.seen if path.endswith("/token")]
        again = await chief.send("again", context=first["contextId"])
        assert state(again) == "completed"
        assert [path for path, _ in app.seen if path.endswith("/token")] == fetched
        assert len(fetched) == 1


@pytest.mark.parametrize(
    ("kind", "auth", "part"),
    [("oauth2.0", OAUTH, token("x")), ("bearer", BEARER, credentials("x")), ("inherit", BEARER, credentials("x"))],
)
async def test_08_a_part_that_does_not_fit_the_server_counts_as_absent(
    kind: str, auth: ServerAuth, part: dict[str, object]
) -> None:
    """MCPAUTH-08."""
    async with talking("x", kind, auth) as (chief, app):
        assert state(await chief.send("hello", part)) == "auth-required"
        assert "mcp-secret" not in str(app.seen)


async def test_09_two_parts_for_one_server_are_a_400() -> None:
    """MCPAUTH-09, MCPAUTH-11."""
    async with talking("ehr", "bearer", BEARER) as (chief, _):
        for second in (token(" ehr"), credentials("ehr")):
            answer = await chief.post(body("hello", token("ehr"), second))
            assert (answer.status_code, answer.json()["code"]) == (400, "mcp_auth_duplicate_name")


async def test_12_other_data_parts_stay_ordinary() -> None:
    """MCPAUTH-12, MCPAUTH-01, CON-23."""
    async with talking("open", "none", NoAuth()) as (chief, _):
        parts = [{"type": "note", "token": "x"}, {"type": 7}, {"patientRef": "example-1"}]
        task = await chief.send("hello", *({"kind": "data", "data": dict(data)} for data in parts))
        assert [part["data"] for part in task["history"][0]["parts"][1:]] == parts


async def test_13_a_part_for_an_unknown_server_is_ignored() -> None:
    """MCPAUTH-13."""
    async with talking("open", "none", NoAuth()) as (chief, _):
        assert state(await chief.send("hello", token("elsewhere"))) == "completed"


async def test_14_credentials_count_on_the_first_message_of_a_context_only() -> None:
    """MCPAUTH-14, CON-29."""
    async with talking("ehr", "bearer", BEARER) as (chief, app):
        first = await chief.send("hello", token("ehr", "wrong-token"))
        later = await chief.send("hello", token("ehr"), context=first["contextId"])
        assert state(later) == "auth-required"
        assert app.authorizations("/ehr/mcp") == {"Bearer wrong-token"}


async def test_14_tools_are_registered_once_and_the_context_keeps_its_credential() -> None:
    """MCPAUTH-14."""
    async with talking("ehr", "bearer", BEARER) as (chief, app):
        first = await chief.send("hello", token("ehr"))
        calls = len(app.seen)
        second = await chief.send("again", context=first["contextId"])
        assert state(second) == "completed"
        assert len(app.seen) == calls + 1
        assert state(await chief.send("elsewhere")) == "auth-required"


async def test_15_auth_parts_are_in_no_answer_and_no_history() -> None:
    """MCPAUTH-15."""
    async with talking("ehr", "bearer", BEARER) as (chief, _):
        task = await chief.send("hello", token("ehr"), token("elsewhere", "canary-elsewhere"))
        read = await chief.api.get(f"/agents/{chief.agent}/v1/tasks/{task['id']}")
        context = await chief.api.get(f"/agents/{chief.agent}/v1/contexts/{task['contextId']}")
        for text in (json.dumps(task), read.text, context.text):
            assert TOKEN not in text
            assert "canary-elsewhere" not in text
        assert [part["kind"] for part in task["history"][0]["parts"]] == ["text"]


async def test_16_the_same_parts_may_come_again_on_later_messages() -> None:
    """MCPAUTH-16."""
    async with talking("ehr", "bearer", BEARER) as (chief, _):
        first = await chief.send("hello", token("ehr"))
        assert state(await chief.send("again", token("ehr"), context=first["contextId"])) == "completed"


async def test_17_a_message_of_nothing_but_credentials_is_accepted() -> None:
    """MCPAUTH-17."""
    async with talking("ehr", "bearer", BEARER) as (chief, _):
        task = await chief.send(None, token("ehr"))
        assert state(task) == "completed"
        assert task["history"][0]["parts"] == []


async def test_18_an_answer_to_the_waiting_task_with_the_credential_resumes_its_question() -> None:
    """MCPAUTH-18, CON-29."""
    async with talking("ehr", "bearer", BEARER) as (chief, _):
        waiting = await chief.send("the question")
        assert state(waiting) == "auth-required"
        done = await chief.send(None, token("ehr"), task=waiting["id"])
        assert (done["id"], state(done)) == (waiting["id"], "completed")
        assert "the question" in said(done)
        follow_up = await chief.send("more", context=waiting["contextId"])
        assert state(follow_up) == "completed"


async def test_18_a_refused_token_can_be_replaced_in_the_waiting_task() -> None:
    """MCPAUTH-18."""
    async with talking("ehr", "bearer", BEARER) as (chief, _):
        waiting = await chief.send("the question", token("ehr", "wrong-token"))
        still = await chief.send("no token yet", task=waiting["id"])
        assert state(still) == "auth-required"
        done = await chief.send(None, token("ehr"), task=waiting["id"])
        assert state(done) == "completed"
        assert "the question" in said(done)


async def test_every_missing_server_is_named_at_once() -> None:
    async with serving(ehr=BEARER, forms=OAUTH) as (platform, _):
        chief = await talk(
            platform, [expert("reader", server("ehr", "bearer")), expert("asker", server("forms", "oauth2.0"))]
        )
        waiting = await chief.send("hello", token("ehr"))
        assert [one["mcp_name"] for one in waiting["metadata"]["agentkit"]["authRequired"]] == ["forms"]
        both = await chief.send("hello")
        assert [one["mcp_name"] for one in both["metadata"]["agentkit"]["authRequired"]] == ["ehr", "forms"]


async def test_a_static_token_works_and_a_part_wins_over_it() -> None:
    """V1-AGENT-10, V1-OBJ-05."""
    async with serving(ehr=BEARER) as (platform, app):
        chief = await talk(platform, [expert("reader", server("ehr", "bearer", token=TOKEN))])
        assert state(await chief.send()) == "completed"
        assert state(await chief.send("hello", token("ehr", "other"))) == "auth-required"
        assert app.authorizations("/ehr/mcp") == {f"Bearer {TOKEN}", "Bearer other"}


async def test_a_credential_does_not_follow_its_server_to_another_address() -> None:
    """Design D4: it was given for the server as it was when the context began."""
    async with serving(ehr=BEARER, other=BEARER) as (platform, app):
        chief = await talk(platform, [expert("reader", server("ehr", "bearer"))])
        task = await chief.send("hello", token("ehr"))
        moved = {**server("other", "bearer"), "name": "ehr"}
        changed = await chief.api.patch(f"/agents/{chief.agent}", json={"experts": [expert("reader", moved)]})
        assert changed.status_code == 200
        waiting = await chief.send("again", context=task["contextId"])
        assert (state(waiting), app.authorizations("/other/mcp")) == ("auth-required", set())
        done = await chief.send(None, token("ehr"), task=waiting["id"])
        assert state(done) == "completed"
        assert "other: again" in said(done)


async def test_13_a_credential_for_an_unknown_server_is_not_kept_for_one_that_is_added_later() -> None:
    """MCPAUTH-13, MCPAUTH-14: whoever changes the agent must not get what was never given for its new server."""
    async with serving(late=BEARER) as (platform, app):
        chief = await talk(platform)
        first = await chief.send("!hello", token("late"))
        await chief.api.patch(f"/agents/{chief.agent}", json={"experts": [expert("reader", server("late", "bearer"))]})
        later = await chief.send("hello", context=first["contextId"])
    assert state(later) == "auth-required"
    assert app.authorizations("/late/mcp") <= {None}


async def test_14_a_turn_that_asks_no_server_binds_its_credentials_to_their_addresses_too() -> None:
    """MCPAUTH-14: an interview asks nobody, and the agent is changed after it."""
    async with serving(ehr=BEARER, elsewhere=BEARER) as (platform, app):
        interviewer: JsonObject = {"type": "reference", "name": "interviewing-expert"}
        chief = await talk(platform, [interviewer, expert("reader", server("ehr", "bearer"))])
        questions = [{"id": "q", "type": "boolean", "text": "Did you sleep?"}]
        questionnaire = {"questionnaireId": "sleep", "version": "1", "startQuestion": "q", "questions": questions}
        part = {"kind": "data", "data": {"type": "questionnaire", "questionnaire": questionnaire}}
        first = await chief.send("hello", part, token("ehr"))
        moved = {**server("ehr", "bearer"), "url": f"{TOOLS}/elsewhere/mcp"}
        await chief.api.patch(f"/agents/{chief.agent}", json={"experts": [expert("reader", moved)]})
        later = await chief.send("hello", context=first["contextId"])
    assert (said(first), state(later)) == ("Did you sleep?", "auth-required")
    assert app.authorizations("/elsewhere/mcp") <= {None}
