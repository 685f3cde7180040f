"""Which answers are tried again, and after how long (CLI-05 to CLI-08)."""

from __future__ import annotations

import time

import httpx2
import pytest

from agentkit.client import AsyncCorti
from agentkit.client.retry import RetryPolicy
from agentkit.errors import ApiError, BadRequestError, ConnectionFailed, RateLimitedError, RequestTimeout
from tests.client.conftest import URL, Clock
from tests.client.connecting import Connect
from tests.contract.corti_double import Answer, CortiDouble

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("status", [408, 429, 500, 501, 502, 503, 504, 599])
async def test_trouble_is_tried_twice_more_with_growing_pauses(
    connect: Connect, double: CortiDouble, clock: Clock, status: int, agent_id: str
) -> None:
    double.inject(Answer(status, {"code": "busy"}), times=3)
    async with connect() as corti:
        with pytest.raises(ApiError) as caught:
            await corti.agents.get(agent_id)
    assert (caught.value.status, caught.value.code) == (status, "busy")
    assert len(double.calls) == 3
    first, second = clock.pauses
    assert 0.9 <= first <= 1.1
    assert 1.8 <= second <= 2.2


async def test_a_send_is_tried_again_with_the_same_message_id_and_body(
    connect: Connect, double: CortiDouble, agent_id: str
) -> None:
    async with connect() as corti:
        agent = await corti.agents.get(agent_id)
        double.inject(Answer(503), times=2)
        assert (await agent.send("Any allergies on file?")).text == "Penicillin."
    bodies = [call.body for call in double.calls[1:]]
    assert len(bodies) == 3
    assert len(set(bodies)) == 1
    assert double.messages[0]["messageId"]


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 422])
async def test_a_refusal_is_not_tried_again(
    connect: Connect, double: CortiDouble, clock: Clock, status: int, agent_id: str
) -> None:
    double.inject(Answer(status))
    async with connect() as corti:
        with pytest.raises(ApiError) as caught:
            await corti.agents.get(agent_id)
    assert caught.value.status == status
    assert not clock.pauses


async def test_no_retries_are_made_where_none_are_wanted(
    connect: Connect, double: CortiDouble, clock: Clock, agent_id: str
) -> None:
    double.inject(Answer(429))
    async with connect(max_retries=0) as corti:
        with pytest.raises(RateLimitedError):
            await corti.agents.get(agent_id)
    assert not clock.pauses


@pytest.mark.parametrize(
    ("headers", "pause"),
    [
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": "0"}, 0.0),
        ({"retry-after": "3600"}, 60.0),
        ({"retry-after": "Thu, 01 Jan 2026 00:00:09 GMT"}, 9.0),
        ({"retry-after": "Thu, 01 Jan 2026 00:00:00 -0000"}, 0.0),
        ({"x-ratelimit-reset": "1767225605"}, 5.0),
        ({"x-ratelimit-reset": "1"}, 0.0),
        ({"retry-after": "7", "x-ratelimit-reset": "1767225605"}, 7.0),
    ],
)
def test_what_the_server_asks_for_is_honoured_up_to_a_minute(headers: dict[str, str], pause: float) -> None:
    assert RetryPolicy().pause(0, 429, headers, now=1767225600.0) == pause


@pytest.mark.parametrize("zone", ["", " -0000"])
def test_a_date_without_a_zone_is_in_gmt_wherever_the_client_is(monkeypatch: pytest.MonkeyPatch, zone: str) -> None:
    """RFC 9110, section 5.6.7."""
    with monkeypatch.context() as patch:
        patch.setenv("TZ", "XYZ-9")
        time.tzset()
        pause = RetryPolicy().pause(0, 429, {"retry-after": f"Thu, 01 Jan 2026 00:00:09{zone}"}, now=1767225600.0)
    time.tzset()
    assert pause == 9.0


@pytest.mark.parametrize("value", ["soon", "", "nan", "inf", "Thu, 99 Jan 2026"])
def test_an_unreadable_wish_falls_back_to_the_usual_pause(value: str) -> None:
    for name in ("retry-after", "x-ratelimit-reset"):
        pause = RetryPolicy().pause(0, 503, {name: value}, now=0.0)
        assert pause is not None
        assert 0.9 <= pause <= 1.1


def test_the_pause_never_exceeds_a_minute() -> None:
    pause = RetryPolicy(max_retries=100).pause(99, 503, {}, now=0.0)
    assert pause is not None
    assert 54 <= pause <= 60


async def test_the_header_reaches_the_pause(connect: Connect, double: CortiDouble, clock: Clock, agent_id: str) -> None:
    double.inject(Answer(503, headers={"Retry-After": "3"}))
    async with connect() as corti:
        await corti.agents.get(agent_id)
    assert clock.pauses == [3.0]


@pytest.mark.parametrize(
    ("raised", "error"),
    [
        (httpx2.ConnectError("canary"), ConnectionFailed),
        (httpx2.RemoteProtocolError("canary"), ConnectionFailed),
        (httpx2.DecodingError("canary"), ConnectionFailed),
        (httpx2.ReadTimeout("canary"), RequestTimeout),
        (httpx2.PoolTimeout("canary"), RequestTimeout),
    ],
)
async def test_broken_connections_and_timeouts_are_not_tried_again(
    clock: Clock, raised: Exception, error: type[Exception]
) -> None:
    calls: list[str] = []

    def fail(request: httpx2.Request) -> httpx2.Response:
        calls.append(request.url.path)
        raise raised

    async with AsyncCorti(base_url=URL, token="t", transport=httpx2.MockTransport(fail), sleep=clock.sleep) as corti:
        with pytest.raises(error) as caught:
            await corti.agents.get("any")
    assert len(calls) == 1
    assert not clock.pauses
    assert "canary" not in str(caught.value)
    assert caught.value.__cause__ is None


async def test_a_mistake_of_the_caller_names_the_documented_code(
    connect: Connect, double: CortiDouble, agent_id: str
) -> None:
    double.inject(
        Answer(
            400,
            {
                "code": "mcp_auth_duplicate_name",
                "description": "Two parts name one server.",
                "howToFix": "Send one.",
                "cause": {"code": "inner", "cause": {"code": "innermost"}},
            },
        )
    )
    async with connect() as corti:
        with pytest.raises(BadRequestError) as caught:
            await corti.agents.get(agent_id)
    error = caught.value
    assert (error.code, error.how_to_fix, error.cause_codes) == (
        "mcp_auth_duplicate_name",
        "Send one.",
        ("inner", "innermost"),
    )
