"""A flood is answered 429, in the words of its plane, and everybody else still gets answers."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import anyio
import httpx2
import pytest
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from agentkit.errors import TooManyRequests
from agentkit.platform import PlatformLimits, PlatformSettings
from agentkit.platform.realm.records import RealmClient
from agentkit.platform.turnstile import Turnstile
from agentkit.reasoning import Act, Answer, Situation
from agentkit.testing.local_platform import LocalPlatform
from agentkit.web.limits import Limits
from tests.deadline import HANG

pytestmark = pytest.mark.anyio

CLIENTS: dict[str, str | RealmClient] = {"loud": "loud-secret", "quiet": "quiet-secret", "local-client": "local-secret"}
TOKEN = "/realms/base/protocol/openid-connect/token"
AGENT = {"name": "helper", "description": "d"}


def limited(**limits: Any) -> PlatformSettings:
    return PlatformSettings(clients=CLIENTS, traffic=Limits(**limits))


async def signed_in(platform: LocalPlatform, who: str) -> dict[str, str]:
    return {"authorization": f"Bearer {await platform.bearer(who, f'{who}-secret')}"}


class Gate:
    """A reasoner that answers when it is let."""

    def __init__(self) -> None:
        self.open = anyio.Event()
        self.waiting = 0

    async def decide(self, situation: Situation) -> Act:
        if situation.text == "wait":
            self.waiting += 1
            await self.open.wait()
        return Answer("done")


async def until(reached: Any) -> None:
    with anyio.fail_after(HANG):
        while not reached():
            await anyio.lowlevel.checkpoint()


def refused_well(answer: httpx2.Response, *place: str) -> object:
    assert answer.status_code == 429, answer.text
    assert int(answer.headers["retry-after"]) >= 1
    found: Any = answer.json()
    for name in place:
        found = found[name]
    return found


async def test_a_caller_that_asks_too_often_hears_429_on_every_plane_and_others_do_not() -> None:
    """CLI-07, V1-ERR-01, V2-ERR-01, V2-ERR-02."""
    async with LocalPlatform(limited(rate=0.01, burst=5)) as platform:
        loud, quiet = await signed_in(platform, "loud"), await signed_in(platform, "quiet")
        agent = (await platform.http.post(platform.url + "/agents", headers=loud, json=AGENT)).json()["id"]
        answers = [await platform.http.get(platform.url + "/agents", headers=loud) for _ in range(10)]
        assert [one.status_code for one in answers] == [200] * 4 + [429] * 6
        assert refused_well(answers[-1], "code") == "too_many_requests"
        managed = await platform.http.get(platform.url + "/v2/agentic/agents", headers=loud)
        assert refused_well(managed, "error", "code") == "TOO_MANY_REQUESTS"
        a2a = await platform.http.get(f"{platform.url}/v2/agentic/agents/{agent}/a2a/tasks", headers=loud)
        assert refused_well(a2a, "error", "status") == "RESOURCE_EXHAUSTED"
        assert (await platform.http.get(platform.url + "/agents", headers=quiet)).status_code == 200


async def test_bearers_that_nobody_knows_are_bounded_too() -> None:
    """AUTH-10: what is asked before anybody is known costs nobody else anything."""
    async with LocalPlatform(limited(rate=0.01, burst=5)) as platform:
        quiet = await signed_in(platform, "quiet")
        wrong = {"authorization": "Bearer a.b.c"}
        answers = [await platform.http.get(platform.url + "/agents", headers=wrong) for _ in range(8)]
        assert [one.status_code for one in answers] == [401] * 5 + [429] * 3
        assert refused_well(answers[-1], "code") == "too_many_requests"
        assert (await platform.http.get(platform.url + "/agents", headers=quiet)).status_code == 200


async def test_the_login_is_bounded_by_the_address_that_asks() -> None:
    async with LocalPlatform(limited(rate=0.01, burst=5)) as platform:
        form = {"grant_type": "client_credentials", "client_id": "quiet", "client_secret": "quiet-secret"}
        answers = [await platform.http.post(platform.url + TOKEN, data=form) for _ in range(8)]
        assert [one.status_code for one in answers] == [200] * 5 + [429] * 3
        assert isinstance(refused_well(answers[-1], "error"), str)


@asynccontextmanager
async def at_work(
    platform: LocalPlatform, headers: dict[str, str], agents: Sequence[str]
) -> AsyncGenerator[list[httpx2.Response]]:
    """Messages that are being answered for as long as the gate is closed."""
    answers: list[httpx2.Response] = []

    async def send(agent: str, number: int) -> None:
        body = {
            "message": {
                "kind": "message",
                "role": "user",
                "messageId": f"m-{number}",
                "parts": [{"kind": "text", "text": "wait"}],
            }
        }
        url = f"{platform.url}/agents/{agent}/v1/message:send"
        answers.append(await platform.http.post(url, json=body, headers=headers))

    with anyio.fail_after(HANG):
        async with anyio.create_task_group() as group:
            for number, agent in enumerate(agents):
                group.start_soon(send, agent, number)
            yield answers


async def test_who_has_too_much_open_waits_and_others_get_answers() -> None:
    """A turn counts as long as it is worked on."""
    gate = Gate()
    async with LocalPlatform(limited(concurrent_per_caller=3, concurrent=100), reasoner=gate) as platform:
        loud, quiet = await signed_in(platform, "loud"), await signed_in(platform, "quiet")
        agent = (await platform.http.post(platform.url + "/agents", headers=loud, json=AGENT)).json()["id"]
        async with at_work(platform, loud, [agent] * 3) as answers:
            await until(lambda: gate.waiting == 3)
            refused = await platform.http.get(platform.url + "/agents", headers=loud)
            assert refused_well(refused, "code") == "too_many_requests"
            mine = await platform.http.post(platform.url + "/agents", headers=quiet, json=AGENT)
            assert mine.status_code == 201
            url = f"{platform.url}/agents/{mine.json()['id']}/v1/message:send"
            hello = {"kind": "message", "role": "user", "messageId": "q", "parts": [{"kind": "text", "text": "hello"}]}
            answer = await platform.http.post(url, headers=quiet, json={"message": hello})
            assert answer.json()["task"]["status"]["state"] == "completed"
            gate.open.set()
        assert [one.status_code for one in answers] == [200] * 3
        assert (await platform.http.get(platform.url + "/agents", headers=loud)).status_code == 200


async def test_an_open_stream_counts_until_it_ends() -> None:
    gate = Gate()
    async with LocalPlatform(limited(concurrent_per_caller=1, concurrent=100), reasoner=gate) as platform:
        loud = await signed_in(platform, "loud")
        agent = (await platform.http.post(platform.url + "/agents", headers=loud, json=AGENT)).json()["id"]
        hello = {"kind": "message", "role": "user", "messageId": "s", "parts": [{"kind": "text", "text": "wait"}]}
        body = {"jsonrpc": "2.0", "id": 1, "method": "message/stream", "params": {"message": hello}}
        with anyio.fail_after(HANG):
            url = f"{platform.url}/agents/{agent}/v1"
            async with platform.http.stream("POST", url, headers=loud, json=body) as stream:
                assert stream.status_code == 200
                refused = await platform.http.get(platform.url + "/agents", headers=loud)
                assert refused.status_code == 429
                gate.open.set()
                await stream.aread()
            assert (await platform.http.get(platform.url + "/agents", headers=loud)).status_code == 200


class Held:
    """An app that answers when it is let."""

    def __init__(self) -> None:
        self.open = anyio.Event()
        self.inside = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.inside += 1
        await self.open.wait()
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b""})


async def asked(app: ASGIApp, path: str = "/agents", headers: Sequence[tuple[bytes, bytes]] = ()) -> list[Message]:
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        return {"type": "http.request", "body": b""}

    scope = {"type": "http", "method": "GET", "path": path, "headers": list(headers), "client": ("192.0.2.1", 1)}
    await app(scope, receive, send)
    return sent


async def test_a_server_that_is_full_says_so_before_it_does_anything() -> None:
    held = Held()
    app = Turnstile(held, Limits(concurrent=2))
    statuses: list[int] = []

    async def ask() -> None:
        statuses.append((await asked(app))[0]["status"])

    with anyio.fail_after(HANG):
        async with anyio.create_task_group() as group:
            group.start_soon(ask)
            group.start_soon(ask)
            await until(lambda: held.inside == 2)
            refused = await asked(app, "/v2/agentic/agents")
            assert refused[0]["status"] == 429
            assert (b"retry-after", b"1") in refused[0]["headers"]
            assert b"TOO_MANY_REQUESTS" in refused[1]["body"]
            held.open.set()
    assert statuses == [204, 204]
    assert (await asked(app))[0]["status"] == 204


async def test_headers_have_a_bound() -> None:
    app = Turnstile(Held(), Limits(header_bytes=100))
    assert (await asked(app, headers=[(b"x", b"y" * 100)]))[0]["status"] == 431


async def test_what_the_app_itself_finds_too_much_is_told_the_same_way() -> None:
    async def full(scope: Scope, receive: Receive, send: Send) -> None:
        raise TooManyRequests("rate", "Too often.", retry_after=2.5)

    refused = await asked(Turnstile(full, Limits()))
    assert refused[0]["status"] == 429
    assert (b"retry-after", b"3") in refused[0]["headers"]


async def test_messages_that_return_at_once_do_not_take_all_turns_of_the_server() -> None:
    """V1-SEND-08: the request is over, but its work is not, and it is counted for whoever asked for it."""
    gate = Gate()
    settings = PlatformSettings(clients=CLIENTS, limits=PlatformLimits(turns_per_caller=3))
    async with LocalPlatform(settings, reasoner=gate) as platform:
        loud, quiet = await signed_in(platform, "loud"), await signed_in(platform, "quiet")

        async def send(who: dict[str, str], number: int, text: str, *, blocking: bool) -> httpx2.Response:
            made = await platform.http.post(platform.url + "/agents", headers=who, json=AGENT)
            parts = [{"kind": "text", "text": text}]
            message = {"kind": "message", "role": "user", "messageId": f"m-{number}", "parts": parts}
            body = {"message": message, "configuration": {"blocking": blocking}}
            place = f"{platform.url}/agents/{made.json()['id']}/v1/message:send"
            return await platform.http.post(place, headers=who, json=body)

        answers = [await send(loud, number, "wait", blocking=False) for number in range(5)]
        assert [one.status_code for one in answers] == [200] * 3 + [429] * 2
        assert refused_well(answers[-1], "code") == "service_overloaded"
        other = await send(quiet, 0, "hello", blocking=True)
        assert other.json()["task"]["status"]["state"] == "completed"
        await until(lambda: gate.waiting == 3)
        gate.open.set()

        async def accepted() -> bool:
            return (await send(loud, 9, "hello", blocking=True)).status_code == 200

        with anyio.fail_after(HANG):
            while not await accepted():
                await anyio.lowlevel.checkpoint()
