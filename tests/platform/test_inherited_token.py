"""A server that inherits the caller's token cannot be reached by a caller without one (MCPAUTH-05, MCPAUTH-11)."""

from __future__ import annotations

import pytest

from agentkit.compose import Caller
from agentkit.credentials import Token, attach
from agentkit.errors import CredentialError
from agentkit.models import Message
from agentkit.platform import PlatformSettings
from agentkit.platform.agents.drafting import Drafting
from agentkit.platform.agents.record import Ownership
from agentkit.platform.problems import answer_error
from agentkit.platform.realm.directory import register_clients
from agentkit.platform.services import open_services
from agentkit.platform.v1.messages import require_inherited
from agentkit.specs import AgentSpec, Authorization, McpServerSpec

pytestmark = pytest.mark.anyio

ANONYMOUS = Caller("owner", "base")
SPEC = AgentSpec(
    name="a",
    description="d",
    servers=[McpServerSpec(name="ehr", url="http://127.0.0.1:9/mcp", authorization=Authorization.INHERIT)],
)


async def test_without_a_bearer_the_request_is_refused_unless_a_token_part_stands_in() -> None:
    settings = PlatformSettings()
    async with open_services(settings, register_clients(settings)) as services:
        record = await Drafting(services.agents, services.registry, Ownership.of(ANONYMOUS)).create(SPEC)
        hello = Message.user("hello")
        with pytest.raises(CredentialError) as caught:
            await require_inherited(services.workshop, record, hello, ANONYMOUS)
        assert (caught.value.code, caught.value.mcp_name) == ("missing_inherited_token", "ehr")
        await require_inherited(services.workshop, record, attach(hello, [Token("ehr", "t")]), ANONYMOUS)
        await require_inherited(services.workshop, record, hello, Caller("owner", "base", "bearer"))


async def test_its_status_is_401_and_its_code_the_documented_one() -> None:
    from starlette.requests import Request

    request = Request({"type": "http", "headers": []})
    answer = await answer_error(request, CredentialError("missing_inherited_token", "No token."))
    assert answer.status_code == 401
    assert b'"code":"missing_inherited_token"' in answer.body
