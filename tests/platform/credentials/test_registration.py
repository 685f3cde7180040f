"""What is kept of a context in memory is bounded, and what is dropped is asked for again."""

from __future__ import annotations

from dataclasses import replace

import httpx2
import pytest

from agentkit.compose import Caller
from agentkit.credentials import Credentials, Token
from agentkit.errors import McpAuthRequired, McpUnreachable
from agentkit.platform import PlatformLimits, PlatformSettings
from agentkit.platform.orchestration.plan import ServerPlan
from agentkit.platform.tools.connections import Connections
from agentkit.platform.tools.registration import Registration, Registrations
from agentkit.specs import Authorization, Transport
from agentkit.testing.local_platform import LocalPlatform
from tests.deadline import HANG
from tests.platform.parts import BEARER, TOOLS, Plain, expert, server, state, talk, token, tools_app

pytestmark = pytest.mark.anyio

CALLER = Caller("owner", "base")
EHR = ServerPlan("ehr", f"{TOOLS}/ehr/mcp", Authorization.BEARER)


def given(value: str) -> Credentials:
    return Credentials([Token("ehr", value)])


def test_the_context_unused_for_longest_is_forgotten() -> None:
    registrations = Registrations(2)
    for context in ("a", "b", "c"):
        registrations.open(context, given("t"), [EHR], first=True, resumed=False)
    assert len(registrations.open("c", Credentials(), [EHR], first=False, resumed=False).credentials) == 1
    assert len(registrations.open("a", Credentials(), [EHR], first=False, resumed=False).credentials) == 0


def test_a_forgotten_context_keeps_no_credential() -> None:
    registrations = Registrations(2)
    registrations.open("a", given("t"), [EHR], first=True, resumed=False)
    registrations.forget("a")
    with pytest.raises(McpAuthRequired):
        registrations.open("a", given("t"), [EHR], first=False, resumed=False).authorize(EHR, CALLER)


def test_an_answer_to_a_task_never_replaces_the_credential_of_a_registered_server() -> None:
    registrations = Registrations(2)
    registration = registrations.open("a", given("one"), [EHR], first=True, resumed=False)
    registration.tools["ehr"] = ()
    assert registrations.open("a", given("two"), [EHR], first=False, resumed=True).credentials == given("one")
    registration.refused("ehr")
    assert registrations.open("a", given("two"), [EHR], first=False, resumed=True).credentials == given("two")


def test_a_credential_is_bound_to_where_its_server_was_when_it_was_given() -> None:
    """MCPAUTH-13: what names another server, or one that wants nothing, is not kept for one that comes later."""
    for servers in ((), [replace(EHR, authorization=Authorization.NONE)], [replace(EHR, url=f"{TOOLS}/other/mcp")]):
        registration = Registrations(2).open("a", given("t"), servers, first=True, resumed=False)
        with pytest.raises(McpAuthRequired):
            registration.authorize(EHR, CALLER)
    assert Registrations(2).open("a", given("t"), [EHR], first=True, resumed=False).authorize(EHR, CALLER) is not None


async def test_idle_contexts_beyond_the_limit_lose_their_connections_and_get_new_ones() -> None:
    async with httpx2.AsyncClient() as http:
        connections = Connections(http, timeout=HANG, capacity=1)
        registration = Registration(given("t"))
        async with connections.turn("a", registration, CALLER) as connect:
            kept = connect(EHR)
            assert connect(EHR) is kept
        async with connections.turn("a", registration, CALLER) as connect:
            assert connect(EHR) is kept
        async with connections.turn("b", registration, CALLER) as connect:
            connect(EHR)
        async with connections.turn("a", registration, CALLER) as connect:
            assert connect(EHR) is not kept
        await connections.aclose()


async def test_another_credential_gets_another_connection() -> None:
    async with httpx2.AsyncClient() as http:
        connections = Connections(http, timeout=HANG, capacity=1)
        registration = Registration(given("one"))
        async with connections.turn("a", registration, CALLER) as connect:
            before = connect(EHR)
            registration.credentials = given("two")
            assert connect(EHR) is not before
        await connections.forget("a")
        await connections.forget("a")


async def test_a_transport_without_http_is_unreachable() -> None:
    old = replace(EHR, transport=Transport.STDIO)
    async with httpx2.AsyncClient() as http:
        connections = Connections(http, timeout=HANG, capacity=1)
        async with connections.turn("a", Registration(given("t")), CALLER) as connect:
            with pytest.raises(McpUnreachable, match="stdio"):
                connect(old)


async def test_a_platform_that_keeps_few_contexts_asks_again_instead_of_failing() -> None:
    settings = PlatformSettings(limits=PlatformLimits(contexts=1, connected_contexts=0))
    async with LocalPlatform(settings, servers={TOOLS: tools_app({"ehr": BEARER})}, reasoner=Plain()) as platform:
        chief = await talk(platform, [expert("reader", server("ehr", "bearer"))])
        first = await chief.send("hello", token("ehr"))
        assert state(await chief.send("again", context=first["contextId"])) == "completed"
        assert state(await chief.send("other", token("ehr"))) == "completed"
        waiting = await chief.send("again", context=first["contextId"])
        assert state(waiting) == "auth-required"
        assert state(await chief.send(None, token("ehr"), task=waiting["id"])) == "completed"
