"""How the client gets, keeps and renews its token (AUTH-01, -06, -08, -09, CLI-01, -02, -04)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import anyio
import pytest
from starlette.responses import HTMLResponse, JSONResponse, Response

from agentkit.client import AsyncCorti
from agentkit.errors import (
    AuthenticationError,
    InternalServerError,
    RateLimitedError,
    UnauthorizedError,
    WireError,
)
from tests.client.conftest import Clock
from tests.client.double import AGENT_ID, CortiDouble
from tests.deadline import HANG

pytestmark = pytest.mark.anyio

Connect = Callable[..., AsyncCorti]


async def test_the_grant_is_a_form_without_the_headers_of_the_api(connect: Connect, double: CortiDouble) -> None:
    """AUTH-01, AUTH-06, HDR-03."""
    async with connect() as corti:
        await corti.agents.get(AGENT_ID)
    (call,) = double.token_calls
    assert call.target == "/realms/base/protocol/openid-connect/token"
    assert call.headers["content-type"] == "application/x-www-form-urlencoded"
    assert call.form == {
        "client_id": ["local-client"],
        "client_secret": ["local-secret"],
        "grant_type": ["client_credentials"],
        "scope": ["openid"],
    }
    assert "tenant-name" not in call.headers
    assert "authorization" not in call.headers


async def test_every_call_carries_bearer_and_tenant(connect: Connect, double: CortiDouble) -> None:
    async with connect(tenant="clinic") as corti:
        await corti.agents.get(AGENT_ID)
    assert double.calls[0].headers["authorization"] == f"Bearer {double.token(1)}"
    assert double.calls[0].headers["tenant-name"] == "clinic"
    assert double.token_calls[0].target == "/realms/clinic/protocol/openid-connect/token"


async def test_a_token_is_kept_until_two_minutes_before_it_expires(
    connect: Connect, double: CortiDouble, clock: Clock
) -> None:
    async with connect() as corti:
        await corti.agents.get(AGENT_ID)
        clock.now += 179
        await corti.agents.get(AGENT_ID)
        assert len(double.token_calls) == 1
        clock.now += 1
        await corti.agents.get(AGENT_ID)
    assert len(double.token_calls) == 2
    assert double.calls[2].headers["authorization"] == f"Bearer {double.token(2)}"


async def test_a_token_of_two_minutes_is_fetched_for_every_call(connect: Connect, double: CortiDouble) -> None:
    double.expires_in = 120
    async with connect() as corti:
        for _ in range(3):
            await corti.agents.get(AGENT_ID)
    assert len(double.token_calls) == 3


async def test_concurrent_callers_share_one_token_request(connect: Connect, double: CortiDouble) -> None:
    double.hold = asyncio.Event()
    with anyio.fail_after(HANG):
        async with connect() as corti, anyio.create_task_group() as group:
            for _ in range(20):
                group.start_soon(corti.agents.get, AGENT_ID)
            while not double.waiting:
                await anyio.lowlevel.checkpoint()
            double.hold.set()
    assert len(double.token_calls) == 1
    assert len(double.calls) == 20


async def test_a_cancelled_caller_leaves_the_token_to_the_others(connect: Connect, double: CortiDouble) -> None:
    double.hold = asyncio.Event()
    with anyio.fail_after(HANG):
        async with connect() as corti:
            first = asyncio.create_task(corti.agents.get(AGENT_ID))
            while not double.waiting:
                await anyio.lowlevel.checkpoint()
            second = asyncio.create_task(corti.agents.get(AGENT_ID))
            first.cancel()
            await asyncio.wait([first])
            double.hold.set()
            assert (await second).id == AGENT_ID
    assert first.cancelled()
    assert len(double.token_calls) == 1


async def test_a_static_token_is_sent_as_it_is(connect: Connect, double: CortiDouble) -> None:
    async with connect(token="opaque") as corti:
        await corti.agents.get(AGENT_ID)
    assert double.calls[0].headers["authorization"] == "Bearer opaque"
    assert not double.token_calls


@pytest.mark.parametrize(
    ("wrong", "code", "setting"),
    [
        ({"client_id": "nobody"}, "invalid_client", "CORTI_CLIENT_ID"),
        ({"client_secret": "wrong-secret"}, "unauthorized_client", "CORTI_CLIENT_SECRET"),
    ],
)
async def test_a_refused_client_is_told_which_setting_to_check(
    connect: Connect, double: CortiDouble, wrong: dict[str, str], code: str, setting: str
) -> None:
    async with connect(**wrong) as corti:
        with pytest.raises(AuthenticationError) as caught:
            await corti.agents.get(AGENT_ID)
    assert (caught.value.code, caught.value.status) == (code, 401)
    assert setting in str(caught.value)
    assert not double.calls
    assert "wrong-secret" not in str(caught.value)


async def test_a_failed_fetch_is_tried_again_by_the_next_call(connect: Connect, double: CortiDouble) -> None:
    double.token_answers.append(JSONResponse({"error": "invalid_client"}, 401))
    async with connect() as corti:
        with pytest.raises(AuthenticationError):
            await corti.agents.get(AGENT_ID)
        assert (await corti.agents.get(AGENT_ID)).id == AGENT_ID


@pytest.mark.parametrize("body", [JSONResponse({"error": "Realm does not exist"}, 404), HTMLResponse("<p>no", 403)])
async def test_a_refusal_of_another_kind_names_the_settings_of_the_address(
    connect: Connect, double: CortiDouble, body: Response
) -> None:
    double.token_answers.append(body)
    async with connect() as corti:
        with pytest.raises(AuthenticationError, match="CORTI_TENANT_NAME"):
            await corti.agents.get(AGENT_ID)


@pytest.mark.parametrize(("status", "error"), [(500, InternalServerError), (429, RateLimitedError)])
async def test_a_token_endpoint_in_trouble_is_retried_and_then_named(
    connect: Connect, double: CortiDouble, clock: Clock, status: int, error: type[Exception]
) -> None:
    double.token_answers.extend(Response(status_code=status) for _ in range(3))
    async with connect() as corti:
        with pytest.raises(error):
            await corti.agents.get(AGENT_ID)
    assert len(double.token_calls) == 3
    assert len(clock.pauses) == 2


@pytest.mark.parametrize(
    "body", [HTMLResponse("<p>hello"), JSONResponse({}), JSONResponse({"access_token": ""}), JSONResponse([1])]
)
async def test_an_answer_without_a_token_is_a_typed_error(
    connect: Connect, double: CortiDouble, body: Response
) -> None:
    double.token_answers.append(body)
    async with connect() as corti:
        with pytest.raises(WireError):
            await corti.agents.get(AGENT_ID)


async def test_a_401_of_the_api_raises_without_a_new_token(connect: Connect, double: CortiDouble) -> None:
    double.answers.append(
        Response(status_code=401, headers={"WWW-Authenticate": 'Bearer error_description="The token expired"'})
    )
    async with connect() as corti:
        with pytest.raises(UnauthorizedError, match="The token expired"):
            await corti.agents.get(AGENT_ID)
    assert (len(double.calls), len(double.token_calls)) == (1, 1)
