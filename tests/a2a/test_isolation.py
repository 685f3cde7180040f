"""Callers and random operations: nobody ever sees tasks, contexts, hooks or events of another (A2A-SEC-02, -04)."""

from __future__ import annotations

import itertools
import json
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import anyio
import httpx2
from hypothesis import given, settings
from hypothesis import strategies as st

from agentkit.a2a import BearerAuth, OAuthAuth, Security
from agentkit.a2a.standalone import Push, agent_app
from agentkit.oauth import SigningKeys
from agentkit.testing.asgi import ASGITransport, running
from tests.a2a.desk import URL, Desk
from tests.deadline import HANG

ISSUER = "https://login.example.org"
KEYS = SigningKeys()
NUMBERS = itertools.count()


def token(subject: str, tenant: str) -> str:
    return KEYS.sign({"iss": ISSUER, "sub": subject, "aud": URL, "exp": 4_000_000_000, "org": tenant})


# Two people, one of them in two tenants: three owners as far as anybody can see.
CALLERS = {
    "alice": token("alice", "clinic-1"),
    "alice elsewhere": token("alice", "clinic-2"),
    "ops": "ops-token",
}
SECURITY = Security(OAuthAuth(ISSUER, KEYS, tenant_claim="org"), BearerAuth({"ops": "ops-token"}))

OPERATIONS = st.lists(
    st.tuples(
        st.sampled_from(sorted(CALLERS)),
        st.sampled_from(
            ["send", "stream", "ask", "context", "continue", "get", "list", "cancel", "subscribe", "hook", "hooks"]
        ),
        st.integers(0, 20),
    ),
    min_size=4,
    max_size=25,
)


def _secret(caller: str) -> str:
    return f"secret of [{caller}]"


class World:
    """What every caller made, and may see."""

    def __init__(self, http: httpx2.AsyncClient) -> None:
        self._http = http
        self.tasks: dict[str, set[str]] = {name: set() for name in CALLERS}
        self.open: dict[str, set[str]] = {name: set() for name in CALLERS}
        self.hooks: dict[str, set[str]] = {name: set() for name in CALLERS}

    async def ask(self, caller: str, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        headers = {"Authorization": f"Bearer {CALLERS[caller]}"}
        response = await self._http.request(method, path, json=body, headers=headers)
        self._check(caller, response.text)
        if response.headers["content-type"].startswith("text/event-stream"):
            return response.status_code, None
        return response.status_code, response.json() if response.content else None

    def _check(self, caller: str, text: str) -> None:
        """Whatever the answer is, nothing of anybody else is in it that the caller did not say himself."""
        for other in CALLERS:
            if other != caller:
                for secret in (_secret(other), *self.hooks[other]):
                    assert secret not in text, (caller, other)

    def anybodys(self, number: int) -> str | None:
        """A task of anybody: ids may be guessed, or read over somebody's shoulder."""
        every = sorted(task for owned in self.tasks.values() for task in owned)
        return every[number % len(every)] if every else None

    async def do(self, caller: str, operation: str, number: int) -> None:
        task = self.anybodys(number)
        match operation:
            case "send" | "ask" | "context":
                await self._send(caller, operation, number)
            case "stream":
                await self._stream(caller)
            case "list":
                await self.list(caller)
            case _ if task is not None:
                await self._touch(caller, operation, task, task in self.tasks[caller])
            case _:
                pass

    async def list(self, caller: str) -> None:
        _, page = await self.ask(caller, "GET", "/tasks?pageSize=100&includeArtifacts=true")
        assert {one["id"] for one in page["tasks"]} == self.tasks[caller]
        assert page["totalSize"] == len(self.tasks[caller])

    async def _touch(self, caller: str, operation: str, task: str, mine: bool) -> None:
        match operation:
            case "get":
                status, _ = await self.ask(caller, "GET", f"/tasks/{task}")
                assert status == (200 if mine else 404)
            case "cancel":
                status, _ = await self.ask(caller, "POST", f"/tasks/{task}:cancel", {})
                assert status == ((200 if task in self.open[caller] else 400) if mine else 404)
                self.open[caller].discard(task)
            case "subscribe":
                if task not in self.open[caller]:  # a stream of an open one does not end
                    status, _ = await self.ask(caller, "POST", f"/tasks/{task}:subscribe", {})
                    assert status == (400 if mine else 404)
            case "continue":
                status, _ = await self.ask(caller, "POST", "/message:send", self._message("go on", taskId=task))
                assert status == ((200 if task in self.open[caller] else 400) if mine else 404)
                self.open[caller].discard(task)
            case "hook":
                await self._hook(caller, task, mine)
            case "hooks":
                status, page = await self.ask(caller, "GET", f"/tasks/{task}/pushNotificationConfigs")
                assert status == (200 if mine else 404)
                shown: list[dict[str, str]] = page.get("configs", []) if status == 200 else []
                assert all(one["id"] in self.hooks[caller] for one in shown)
            case _:
                raise AssertionError(operation)

    async def _send(self, caller: str, operation: str, number: int) -> None:
        context = {"contextId": f"visit-{number % 3}"} if operation == "context" else {}
        text = "ask" if operation == "ask" else _secret(caller)
        status, answer = await self.ask(caller, "POST", "/message:send", self._message(text, **context))
        assert status == 200
        task = answer["task"]
        assert task["id"] not in {known for owned in self.tasks.values() for known in owned}
        self.tasks[caller].add(task["id"])
        if operation == "ask":
            self.open[caller].add(task["id"])

    async def _stream(self, caller: str) -> None:
        headers = {"Authorization": f"Bearer {CALLERS[caller]}"}
        answer = await self._http.post("/message:stream", json=self._message(_secret(caller)), headers=headers)
        self._check(caller, answer.text)
        events = [json.loads(line[6:]) for line in answer.text.splitlines() if line.startswith("data: ")]
        task = events[0]["task"]["id"]
        assert {event["statusUpdate"]["taskId"] for event in events[1:]} == {task}
        self.tasks[caller].add(task)

    async def _hook(self, caller: str, task: str, mine: bool) -> None:
        name = f"hook-{next(NUMBERS)}"
        body = {"id": name, "url": "http://127.0.0.1:9/x", "token": _secret(caller)}
        status, _ = await self.ask(caller, "POST", f"/tasks/{task}/pushNotificationConfigs", body)
        if not mine:
            assert status == 404
        elif status == 200:
            self.hooks[caller].add(name)
        for other in CALLERS:
            if other != caller and status == 200:
                place = f"/tasks/{task}/pushNotificationConfigs/{name}"
                assert (await self.ask(other, "GET", place))[0] == 404
                assert (await self.ask(other, "DELETE", place))[0] in {200, 204, 404}
        if status == 200:
            kept, _ = await self.ask(caller, "GET", f"/tasks/{task}/pushNotificationConfigs/{name}")
            assert kept == 200

    @staticmethod
    def _message(text: str, **fields: Any) -> dict[str, Any]:
        made = {"messageId": f"m-{next(NUMBERS)}", "role": "ROLE_USER", "parts": [{"text": text}], **fields}
        return {"message": made}


@asynccontextmanager
async def world() -> AsyncGenerator[World]:
    app = agent_app(Desk(), url=URL, security=SECURITY, limits=None, push=Push(("127.0.0.1",)))
    async with AsyncExitStack() as stack:
        live = await stack.enter_async_context(running(app))
        transport = ASGITransport(live)
        headers = {"A2A-Version": "1.0"}
        http = httpx2.AsyncClient(transport=transport, base_url=URL, headers=headers, timeout=HANG)
        yield World(await stack.enter_async_context(http))


@settings(max_examples=25)
@given(OPERATIONS)
def test_nobody_ever_sees_what_is_somebody_elses(operations: list[tuple[str, str, int]]) -> None:
    async def play() -> None:
        with anyio.fail_after(HANG):
            async with world() as played:
                for caller, operation, number in operations:
                    await played.do(caller, operation, number)
                for caller in CALLERS:
                    await played.list(caller)

    anyio.run(play)


def test_a_guessed_context_leads_nowhere_and_the_same_name_is_two_conversations_a2a_ctx_06() -> None:
    async def play() -> None:
        with anyio.fail_after(HANG):
            async with world() as played:
                for caller in CALLERS:
                    await played.do(caller, "context", 0)
                for caller in CALLERS:
                    _, page = await played.ask(caller, "GET", "/tasks?contextId=visit-0&historyLength=10")
                    assert {one["id"] for one in page["tasks"]} == played.tasks[caller]
                    assert _secret(caller) in json.dumps(page)

    anyio.run(play)
