"""Faults meet requests as they are asked for, and nobody else."""

from __future__ import annotations

import json
from typing import Any

import httpx2
import pytest

from agentkit.client import AsyncCorti
from agentkit.errors import AuthenticationError, RateLimitedError, UnauthorizedError
from agentkit.platform.faults import Faults
from agentkit.platform.realm.records import WrongToken
from agentkit.reasoning import Answer, Delegate, ScriptedReasoner
from agentkit.testing.local_platform import LocalPlatform
from tests.platform.faults.parts import TOKEN, V1, V2, Fault, FaultRule, Sleeps, asked, bearer, call, settings

pytestmark = pytest.mark.anyio

UUID = "11111111-1111-4111-8111-111111111111"
FORM = {"grant_type": "client_credentials", "client_id": "local-client", "client_secret": "local-secret"}
AGENT = {"name": "helper", "description": "d"}


async def made(platform: LocalPlatform) -> str:
    return str((await call(platform, V1, "POST", json=AGENT)).json()["id"])


def message(text: str = "hello") -> dict[str, Any]:
    return {"role": "user", "kind": "message", "messageId": f"m-{text}", "parts": [{"kind": "text", "text": text}]}


async def test_without_settings_the_header_does_nothing() -> None:
    async with LocalPlatform() as platform:
        assert (await call(platform, headers=asked("status=503"))).status_code == 200


async def test_without_permission_the_header_does_nothing() -> None:
    async with LocalPlatform(settings()) as platform:
        assert (await call(platform, headers=asked("status=503"))).status_code == 200


async def test_a_header_asks_for_a_status_with_its_headers_for_this_request_only() -> None:
    """CLI-05, CLI-07."""
    async with LocalPlatform(settings(allow_header=True)) as platform:
        answer = await call(platform, headers=asked("status=429; retry-after=2; rate-limit-reset=1800000000"))
        assert answer.status_code == 429
        assert (answer.headers["retry-after"], answer.headers["x-ratelimit-reset"]) == ("2", "1800000000")
        assert answer.json()["code"] == "too_many_requests"
        assert (await call(platform)).status_code == 200


@pytest.mark.parametrize(
    ("path", "place", "value"),
    [
        (V1, ("code",), "service_unavailable"),
        (f"/v2/agents/{UUID}/v1", ("code",), "service_unavailable"),
        (V2, ("error", "code"), "SERVICE_UNAVAILABLE"),
        (f"{V2}/{UUID}/a2a/tasks", ("error", "status"), "UNAVAILABLE"),
        (f"{V2}/{UUID}/a2a", ("error", "code"), 503),
        ("/base/protocol/openid-connect/certs", ("error",), "server_error"),
    ],
)
async def test_each_plane_spells_the_error_its_own_way(path: str, place: tuple[str, ...], value: object) -> None:
    """AUTH-09, V1-ERR-01, V2-ERR-01, V2-ERR-02."""
    async with LocalPlatform(settings(FaultRule(Fault(status=503), route=path))) as platform:
        answer = await platform.http.get(platform.url + path)
    assert answer.status_code == 503
    found: Any = answer.json()
    for name in place:
        found = found[name]
    assert found == value


async def test_a_401_challenges_and_a_422_has_detail() -> None:
    """AUTH-10, V1-ERR-02."""
    async with LocalPlatform(settings(allow_header=True)) as platform:
        refused = await call(platform, headers=asked("status=401"))
        assert refused.headers["www-authenticate"].startswith("Bearer")
        invalid = await call(platform, headers=asked("status=422"))
        assert invalid.json()["detail"] == []


async def test_our_client_retries_what_a_rule_breaks_and_gets_through() -> None:
    """CLI-05."""
    rule = FaultRule(Fault(status=503, retry_after="0"), route=V1, count=2)
    async with LocalPlatform(settings(rule)) as platform:
        assert [one async for one in platform.corti.agents.list()] == []


async def test_our_client_sees_the_typed_error_when_it_goes_on() -> None:
    """CLI-11."""
    rule = FaultRule(Fault(status=429, retry_after="0"), route="/agents*")
    async with LocalPlatform(settings(rule)) as platform:
        with pytest.raises(RateLimitedError):
            [one async for one in platform.corti.agents.list()]


async def test_a_fault_after_the_work_leaves_the_work_done() -> None:
    """CLI-10: what a client sees is an error, and the agent is there."""
    async with LocalPlatform(settings(allow_header=True)) as platform:
        answer = await call(platform, V1, "POST", json=AGENT, headers=asked("status=500; when=after"))
        assert answer.status_code == 500
        assert [one["name"] for one in (await call(platform)).json()] == ["helper"]
        before = await call(platform, V1, "POST", json={**AGENT, "name": "b"}, headers=asked("status=500"))
        assert before.status_code == 500
        assert len((await call(platform)).json()) == 1


@pytest.mark.parametrize("when", ["before", "after"])
async def test_a_dropped_connection_brings_no_answer(when: str) -> None:
    """CLI-08."""
    async with LocalPlatform(settings(allow_header=True)) as platform:
        with pytest.raises(httpx2.RemoteProtocolError):
            await call(platform, V1, "POST", json=AGENT, headers=asked(f"drop; when={when}"))
        assert len((await call(platform)).json()) == (1 if when == "after" else 0)


async def test_garbage_is_a_success_that_nobody_can_read() -> None:
    """SDKC-04, SDKC-05."""
    async with LocalPlatform(settings(allow_header=True)) as platform:
        answer = await call(platform, headers=asked("garbage"))
        assert answer.status_code == 200
        with pytest.raises(json.JSONDecodeError):
            json.loads(answer.content)


async def test_latency_is_waited_for_before_the_work() -> None:
    sleeps = Sleeps()
    async with LocalPlatform(settings(allow_header=True, sleep=sleeps)) as platform:
        assert (await call(platform, headers=asked("latency=1.5"))).status_code == 200
        assert (await call(platform, headers=asked("latency=2; status=504"))).status_code == 504
    assert sleeps.seconds == [1.5, 2.0]


async def test_an_answer_is_cut_after_so_many_bytes() -> None:
    async with LocalPlatform(settings(allow_header=True)) as platform:
        await made(platform)
        for size in (0, 5):
            with pytest.raises(httpx2.RemoteProtocolError):
                await call(platform, headers=asked(f"cut-bytes={size}"))
        assert (await call(platform, headers=asked("cut-bytes=100000"))).status_code == 200


@pytest.mark.parametrize("events", [0, 1, 2])
async def test_a_stream_is_cut_after_so_many_events(events: int) -> None:
    """V1-RPC-02: the connection closes in the middle, and the turn goes on."""
    async with LocalPlatform(settings(allow_header=True), reasoner=ScriptedReasoner([Answer("done")])) as platform:
        agent = await made(platform)
        body = {"jsonrpc": "2.0", "id": 1, "method": "message/stream", "params": {"message": message()}}
        headers = {"authorization": f"Bearer {await bearer(platform)}", **asked(f"cut-events={events}")}
        seen = bytearray()

        async def follow() -> None:
            url = f"{platform.url}/agents/{agent}/v1"
            async with platform.http.stream("POST", url, json=body, headers=headers) as answer:
                assert answer.status_code == 200
                async for chunk in answer.aiter_bytes():
                    seen.extend(chunk)

        with pytest.raises(httpx2.RemoteProtocolError):
            await follow()
        assert seen.count(b"data:") == events


@pytest.mark.parametrize("wrong", [*WrongToken])
async def test_a_wrong_token_is_refused_by_the_api(wrong: WrongToken) -> None:
    """AUTH-10, ENV-02."""
    async with LocalPlatform(settings(FaultRule(Fault(token=wrong), route="*/token", count=1))) as platform:
        token = (await platform.http.post(platform.url + TOKEN, data=FORM)).json()["access_token"]
        headers = {"authorization": f"Bearer {token}"}
        answer = await platform.http.get(platform.url + V1, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (401, "invalid_token")
        assert token not in answer.text
        assert (await call(platform)).status_code == 200


async def test_our_client_tells_a_refused_token_from_a_refused_login() -> None:
    """CLI-04."""
    rules = [
        FaultRule(Fault(token=WrongToken.SIGNATURE), route="*/token", count=1),
        FaultRule(Fault(status=401), route="*/token"),
    ]
    async with LocalPlatform(settings(*rules)) as platform:
        corti: AsyncCorti = platform.corti
        with pytest.raises(UnauthorizedError):
            [one async for one in corti.agents.list()]
        with pytest.raises(AuthenticationError):
            [one async for one in platform.new_corti().agents.list()]


async def test_slow_experts_are_held_up_and_the_turn_is_done() -> None:
    sleeps = Sleeps()
    script = [Delegate("reader", "one"), Answer("found"), Answer("done")]
    expert = {"type": "new", "name": "reader", "description": "Reads."}
    given = settings(allow_header=True, sleep=sleeps)
    async with LocalPlatform(given, reasoner=ScriptedReasoner(script)) as platform:
        agent = (await call(platform, V1, "POST", json={**AGENT, "experts": [expert]})).json()["id"]
        path = f"/agents/{agent}/v1/message:send"
        answer = await call(platform, path, "POST", json={"message": message()}, headers=asked("slow-experts=30"))
        assert answer.json()["task"]["status"]["state"] == "completed"
    assert sleeps.seconds == [30.0]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "status",
        "status=200",
        "status=abc",
        "status=503; status=504",
        "explode",
        "latency=-1",
        "latency=1e9",
        "latency=601",
        "token=stolen",
        "when=later; status=500",
        "when=before",
        "cut-events=-1",
        "drop; garbage",
        "garbage=maybe",
        "status=503; retry-after=\x7f",
        "status=503;" + "x" * 600,
    ],
)
async def test_a_header_that_does_not_fit_says_so(text: str) -> None:
    async with LocalPlatform(settings(allow_header=True)) as platform:
        answer = await call(platform, headers=asked(text))
        assert answer.status_code == 400
        assert "x-agentkit-fault" in answer.json()["description"]


async def test_the_platform_comes_up_with_faults_that_never_happen() -> None:
    from agentkit.platform import PlatformSettings

    rule = FaultRule(Fault(status=500), probability=0)
    async with LocalPlatform(PlatformSettings(faults=Faults((rule,)))) as platform:
        assert (await call(platform)).status_code == 200
