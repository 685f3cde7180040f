"""How the client gets, keeps and renews its token (AUTH-01, -06, -08, -09, CLI-01, -02, -04)."""

from __future__ import annotations

import asyncio

import anyio
import pytest

from agentkit.errors import (
    AuthenticationError,
    InternalServerError,
    RateLimitedError,
    UnauthorizedError,
    WireError,
)
from tests.client.conftest import Clock
from tests.client.connecting import TOKEN, Connect
from tests.contract.corti_double import Answer, CortiDouble, Gate
from tests.deadline import HANG

pytestmark = pytest.mark.anyio


async def test_every_call_carries_bearer_and_tenant(connect: Connect, double: CortiDouble, agent_id: str) -> None:
    double.tenant = "clinic"
    async with connect(tenant="clinic") as corti:
        await corti.agents.get(agent_id)
    assert double.calls[0].headers["authorization"] == f"Bearer {double.keycloak.issued[0]}"
    assert double.calls[0].headers["tenant-name"] == "clinic"
    assert double.token_calls[0].target == "/realms/clinic/protocol/openid-connect/token"


async def test_a_token_is_kept_until_two_minutes_before_it_expires(
    connect: Connect, double: CortiDouble, clock: Clock, agent_id: str
) -> None:
    async with connect() as corti:
        await corti.agents.get(agent_id)
        clock.now += 179
        await corti.agents.get(agent_id)
        assert len(double.token_calls) == 1
        clock.now += 1
        await corti.agents.get(agent_id)
    assert len(double.token_calls) == 2
    assert double.calls[2].headers["authorization"] == f"Bearer {double.keycloak.issued[1]}"


async def test_a_token_of_two_minutes_is_fetched_for_every_call(
    connect: Connect, double: CortiDouble, agent_id: str
) -> None:
    double.expires_in = 120
    async with connect() as corti:
        for _ in range(3):
            await corti.agents.get(agent_id)
    assert len(double.token_calls) == 3


async def test_concurrent_callers_share_one_token_request(connect: Connect, double: CortiDouble, agent_id: str) -> None:
    double.token_gate = gate = Gate()
    with anyio.fail_after(HANG):
        async with connect() as corti, anyio.create_task_group() as group:
            for _ in range(20):
                group.start_soon(corti.agents.get, agent_id)
            await gate.reached()
            gate.open()
    assert len(double.token_calls) == 1
    assert len(double.calls) == 20


async def test_a_cancelled_caller_leaves_the_token_to_the_others(
    connect: Connect, double: CortiDouble, agent_id: str
) -> None:
    double.token_gate = gate = Gate()
    with anyio.fail_after(HANG):
        async with connect() as corti:
            first = asyncio.create_task(corti.agents.get(agent_id))
            await gate.reached()
            second = asyncio.create_task(corti.agents.get(agent_id))
            first.cancel()
            await asyncio.wait([first])
            gate.open()
            assert (await second).id == agent_id
    assert first.cancelled()
    assert len(double.token_calls) == 1


@pytest.mark.parametrize(
    ("wrong", "code", "setting"),
    [
        ({"client_id": "nobody"}, "invalid_client", "CORTI_CLIENT_ID"),
        ({"client_secret": "wrong-secret"}, "unauthorized_client", "CORTI_CLIENT_SECRET"),
    ],
)
async def test_a_refused_client_is_told_which_setting_to_check(
    connect: Connect, double: CortiDouble, wrong: dict[str, str], code: str, setting: str, agent_id: str
) -> None:
    async with connect(**wrong) as corti:
        with pytest.raises(AuthenticationError) as caught:
            await corti.agents.get(agent_id)
    assert (caught.value.code, caught.value.status) == (code, 401)
    assert setting in str(caught.value)
    assert not double.calls
    assert "wrong-secret" not in str(caught.value)


async def test_a_failed_fetch_is_tried_again_by_the_next_call(
    connect: Connect, double: CortiDouble, agent_id: str
) -> None:
    double.inject(Answer(401, {"error": "invalid_client"}), on=TOKEN)
    async with connect() as corti:
        with pytest.raises(AuthenticationError):
            await corti.agents.get(agent_id)
        assert (await corti.agents.get(agent_id)).id == agent_id


@pytest.mark.parametrize(
    "body", [Answer(404, {"error": "Realm does not exist"}), Answer(403, "<p>no", {"content-type": "text/html"})]
)
async def test_a_refusal_of_another_kind_names_the_settings_of_the_address(
    connect: Connect, double: CortiDouble, body: Answer, agent_id: str
) -> None:
    double.inject(body, on=TOKEN)
    async with connect() as corti:
        with pytest.raises(AuthenticationError, match="CORTI_TENANT_NAME"):
            await corti.agents.get(agent_id)


@pytest.mark.parametrize(("status", "error"), [(500, InternalServerError), (429, RateLimitedError)])
async def test_a_token_endpoint_in_trouble_is_retried_and_then_named(
    connect: Connect, double: CortiDouble, clock: Clock, status: int, error: type[Exception], agent_id: str
) -> None:
    double.inject(Answer(status), on=TOKEN, times=3)
    async with connect() as corti:
        with pytest.raises(error):
            await corti.agents.get(agent_id)
    assert len(double.token_calls) == 3
    assert len(clock.pauses) == 2


@pytest.mark.parametrize(
    "body",
    [
        Answer(200, "<p>hello", {"content-type": "text/html"}),
        Answer(200, {}),
        Answer(200, {"access_token": ""}),
        Answer(200, [1]),
    ],
)
async def test_an_answer_without_a_token_is_a_typed_error(
    connect: Connect, double: CortiDouble, body: Answer, agent_id: str
) -> None:
    double.inject(body, on=TOKEN)
    async with connect() as corti:
        with pytest.raises(WireError):
            await corti.agents.get(agent_id)


async def test_a_401_of_the_api_raises_without_a_new_token(
    connect: Connect, double: CortiDouble, agent_id: str
) -> None:
    double.inject(Answer(401, headers={"WWW-Authenticate": 'Bearer error_description="The token expired"'}))
    async with connect() as corti:
        with pytest.raises(UnauthorizedError, match="The token expired"):
            await corti.agents.get(agent_id)
    assert (len(double.calls), len(double.token_calls)) == (1, 1)
