"""A server that inherits the caller's token cannot be reached by a caller without one (MCPAUTH-05, MCPAUTH-11)."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from agentkit.compose import Caller
from agentkit.credentials import Token, attach
from agentkit.errors import CredentialError
from agentkit.models import Message
from agentkit.platform import PlatformSettings
from agentkit.platform.agents.connector import McpConnector
from agentkit.platform.agents.record import AgentRecord, Ownership
from agentkit.platform.orchestration.inherited import require_inherited
from agentkit.platform.problems import answer_error
from agentkit.platform.realm.directory import register_clients
from agentkit.platform.services import open_services
from agentkit.specs import Authorization

pytestmark = pytest.mark.anyio

ANONYMOUS = Caller("owner", "base")
NOW = datetime(2026, 1, 1, tzinfo=UTC)
RECORD = AgentRecord(
    "6f1e9f0a-5d0b-4a53-9a53-0d7d5a0f1c11",
    "a",
    Ownership("base", "owner"),
    NOW,
    NOW,
    connectors=(
        McpConnector(
            id="6f1e9f0a-5d0b-4a53-9a53-0d7d5a0f1c12",
            name="ehr",
            url="http://127.0.0.1:9/mcp",
            authorization=Authorization.INHERIT,
        ),
    ),
)


async def test_without_a_bearer_the_request_is_refused_unless_a_token_part_stands_in() -> None:
    """MCPAUTH-05, MCPAUTH-11."""
    settings = PlatformSettings()
    async with open_services(settings, register_clients(settings)) as services:
        hello = Message.user("hello")
        with pytest.raises(CredentialError) as caught:
            await require_inherited(services.workshop, RECORD, hello, ANONYMOUS)
        assert (caught.value.code, caught.value.mcp_name) == ("missing_inherited_token", "ehr")
        await require_inherited(services.workshop, RECORD, attach(hello, [Token("ehr", "t")]), ANONYMOUS)
        await require_inherited(services.workshop, RECORD, hello, Caller("owner", "base", "bearer"))


async def test_its_status_is_401_and_its_code_the_documented_one() -> None:
    """MCPAUTH-11."""
    from starlette.requests import Request

    request = Request({"type": "http", "headers": []})
    answer = await answer_error(request, CredentialError("missing_inherited_token", "No token."))
    assert answer.status_code == 401
    assert b'"code":"missing_inherited_token"' in answer.body
