"""No secret ends up anywhere but where it has to go (design D4); the watch itself is proven to see."""

from __future__ import annotations

import json
import logging
from pathlib import Path

import pytest
from starlette.types import Message, Receive, Scope, Send

from agentkit.mcp.hosting.authorization import BearerAuth
from agentkit.platform import PlatformSettings
from agentkit.testing.leaks import LeakWatch
from agentkit.testing.local_platform import LocalPlatform
from tests.platform.parts import CLIENT, OAUTH, TOOLS, Plain, credentials, expert, server, state, talk, token, tools_app

pytestmark = pytest.mark.anyio

BEARER = "canary-bearer-7f3a9e1c5b"
STATIC = "canary-static-2d8e6f4a0c"
IGNORED = "canary-ignored-9b1d3f5a7e"
WRONG = "canary-wrong-3c5e7a9b1d"


async def test_secrets_reach_the_mcp_servers_and_nothing_else(tmp_path: Path) -> None:
    watch = LeakWatch({"bearer": BEARER, "static": STATIC, "secret": CLIENT[1], "ignored": IGNORED, "wrong": WRONG})
    app = tools_app({"ehr": BearerAuth(BEARER), "old": BearerAuth(STATIC), "forms": OAUTH})
    reasoner = Plain()
    platform = LocalPlatform(
        PlatformSettings(database=tmp_path / "platform.db"),
        servers={TOOLS: watch.traffic("tools", app)},
        reasoner=reasoner,
    )
    with watch.logs(), watch.spans():
        async with platform:
            chief = await talk(
                platform,
                [
                    expert("reader", server("ehr", "bearer")),
                    expert("archive", server("old", "bearer", token=STATIC)),
                    expert("asker", server("forms", "oauth2.0")),
                ],
            )
            answers: list[object] = []
            parts = (token("ehr", BEARER), credentials("forms"), token("nowhere", IGNORED))
            task = await chief.send("hello", *parts)
            assert state(task) == "completed"
            answers += [task, await chief.send("later", *parts, context=task["contextId"])]
            refused = await chief.send("hello", token("ehr", WRONG), credentials("forms"))
            assert state(refused) == "auth-required"
            answers.append(refused)
            base = f"/agents/{chief.agent}"
            for path in (base, "/agents", f"{base}/v1/tasks/{task['id']}", f"{base}/v1/contexts/{task['contextId']}"):
                answers.append((await chief.api.get(path)).text)
            doubled = {"message": {"kind": "message", "role": "user", "messageId": "d", "parts": [*parts, parts[0]]}}
            answers.append((await chief.post(doubled)).text)
            for answer in answers:
                watch.look("answers", json.dumps(answer))
            for situation in reasoner.situations:
                watch.look("reasoner", str([situation.text, situation.data, situation.history]))
            await watch.look_in_files("files", tmp_path)
    await watch.look_in_files("files", tmp_path)
    header = "header authorization"
    assert watch.places("bearer") == {f"tools: request /ehr/mcp {header}"}
    assert watch.places("static") == {f"tools: request /old/mcp {header}"}
    assert watch.places("wrong") == {f"tools: request /ehr/mcp {header}"}
    assert watch.places("ignored") == frozenset()
    assert all("/token" in place for place in watch.places("secret"))
    assert watch.places("secret")


async def test_a_token_that_an_mcp_server_repeats_goes_no_further(tmp_path: Path) -> None:
    watch = LeakWatch({"bearer": BEARER})
    app = tools_app({"ehr": BearerAuth(BEARER)})

    async def repeating(scope: Scope, receive: Receive, send: Send) -> None:
        async def repeat(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": [item for item in message["headers"] if item[0] != b"content-length"]}
            elif message["type"] == "http.response.body":
                message = {**message, "body": message["body"].replace(b"hello", BEARER.encode())}
            await send(message)

        await app(scope, receive, repeat)

    reasoner = Plain()
    settings = PlatformSettings(database=tmp_path / "platform.db")
    with watch.logs(), watch.spans():
        async with LocalPlatform(settings, servers={TOOLS: repeating}, reasoner=reasoner) as platform:
            chief = await talk(platform, [expert("reader", server("ehr", "bearer"))])
            task = await chief.send("hello", token("ehr", BEARER))
            assert "<hidden>" in json.dumps(task)
            watch.look("answers", json.dumps(task))
            for situation in reasoner.situations:
                watch.look("reasoner", str([situation.observations, situation.delegations]))
            await watch.look_in_files("files", tmp_path)
    await watch.look_in_files("files", tmp_path)
    assert watch.places("bearer") == frozenset()


async def test_what_people_say_is_in_no_log_and_no_span(monkeypatch: pytest.MonkeyPatch) -> None:
    watch = LeakWatch({"words": "quetzalcoatlus"})
    reasoner = Plain()
    with watch.logs(), watch.spans():
        async with LocalPlatform(
            servers={TOOLS: tools_app({"ehr": BearerAuth(BEARER)})}, reasoner=reasoner
        ) as platform:
            chief = await talk(platform, [expert("reader", server("ehr", "bearer"))])
            task = await chief.send("quetzalcoatlus", token("ehr", BEARER))
            failed = await chief.send("quetzalcoatlus")
            assert (state(task), state(failed)) == ("completed", "auth-required")
            malformed = {"message": {"kind": "message", "parts": "quetzalcoatlus"}}
            answer = await chief.post(malformed)
            assert answer.status_code == 422
            watch.look("refusal", answer.text)
            # The client's library logs the address it asks; only the server is looked at here.
            monkeypatch.setattr(logging.getLogger("httpx2"), "disabled", True)
            for path in ("quetzalcoatlus", "quetzal%63oatlus", "quetzalcoatlus?v=quetzalcoatlus"):
                assert (await chief.api.get(f"/agents/{path}")).status_code == 400
    assert watch.places("words") == frozenset()


async def test_the_watch_sees_a_canary_in_each_of_these_places(tmp_path: Path) -> None:
    watch = LeakWatch({"bearer": BEARER})
    with watch.logs():
        logging.getLogger("agentkit.platform").debug("a leak: %s", BEARER)
    async with LocalPlatform(PlatformSettings(database=tmp_path / "platform.db"), reasoner=Plain()) as platform:
        chief = await talk(platform)
        task = await chief.send(f"!the user typed {BEARER}")
        watch.look("answers", json.dumps(task))
        await watch.look_in_files("files", tmp_path)
    assert watch.places("bearer") == {"logs", "answers", "files"}
