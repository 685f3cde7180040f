"""The servers of the demonstration, each on a port of its own, all watched for the credentials."""

from __future__ import annotations

import asyncio
import secrets
import shutil
import tempfile
from collections.abc import AsyncGenerator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from starlette.applications import Starlette

from agentkit.a2a import remote_agent
from agentkit.cli.access import Access
from agentkit.cli.address import Address, bind
from agentkit.cli.demo.choices import Choices
from agentkit.cli.serving import serving
from agentkit.cli.tool_servers import Door, ToolServers
from agentkit.client import AsyncCorti
from agentkit.credentials import ClientCredentials, Credential, Token
from agentkit.experts import load_expert
from agentkit.platform import PlatformSettings, create_platform
from agentkit.specs import AgentSpec, Authorization
from agentkit.testing.leaks import LeakWatch, watching

TOKEN: Final = "EHR token"  # noqa: S105 - the label under which the report speaks of it
SECRET: Final = "questionnaire client secret"  # noqa: S105 - likewise
CLIENT_ID: Final = "demo-agent"

PLATFORM: Final = "platform"
SERVERS: Final = "MCP servers"
ISSUER: Final = "authorization server"

EXPERTS: Final[Mapping[str, str]] = {"ehr-lookup": "ehr", "questionnaire-interviewer": "questionnaires"}
"""Installed experts and the installed servers they use."""


@dataclass(frozen=True, slots=True)
class Stage:
    """Everything that runs.

    Attributes:
        folder: Holds the databases; gone at the end.
        corti: A client of the platform.
        platform: The platform's address.
        issuer: The authorization server's address.
        agents: A free address for the chain.
        doors: The MCP servers.
        credentials: Made for this run.
        agent: The agent to be created: both experts, each with its server's address.
        watch: Knows where the credentials were seen.
        choices: Knows why experts and tools were chosen.
    """

    folder: Path
    corti: AsyncCorti
    platform: Address
    issuer: Address
    agents: Address
    doors: Mapping[str, Door]
    credentials: tuple[Credential, ...] = field(repr=False)
    agent: AgentSpec
    watch: LeakWatch
    choices: Choices


@asynccontextmanager
async def staged(*, token: str | None = None, secret: str | None = None) -> AsyncGenerator[Stage]:
    """Start everything, and stop it at the end of the block.

    Args:
        token: For the EHR server; by default a new one.
        secret: Of the client of the questionnaire server; by default a new one.
    """
    token, secret = token or secrets.token_urlsafe(32), secret or secrets.token_urlsafe(32)
    watch = LeakWatch({TOKEN: token, SECRET: secret})
    async with AsyncExitStack() as stack:
        folder = await stack.enter_async_context(_temporary_folder())
        platform, mcp, issuer, agents = addresses = await asyncio.to_thread(_four_addresses)
        for address in addresses:
            stack.callback(address.close)
        servers = await asyncio.to_thread(_tool_servers, folder, mcp, issuer, token, secret)
        await stack.enter_async_context(watching(watch))
        choices = Choices()
        settings = PlatformSettings(
            database=folder / "platform.db",
            url=platform.url,
            servers_url=mcp.url,
            remote_agents=remote_agent,
            reasoner=choices,
        )
        apps = [
            (issuer, watch.traffic(ISSUER, Starlette(routes=servers.issuer_routes()))),
            (mcp, watch.traffic(SERVERS, servers.app())),
            (platform, watch.traffic(PLATFORM, await asyncio.to_thread(create_platform, settings))),
        ]
        await stack.enter_async_context(serving(apps))
        corti = await stack.enter_async_context(
            AsyncCorti(base_url=platform.url, client_id="local-client", client_secret="local-secret")  # noqa: S106
        )
        yield Stage(
            folder=folder,
            corti=corti,
            platform=platform,
            issuer=issuer,
            agents=agents,
            doors={door.name: door for door in servers.doors},
            credentials=(Token("ehr", token), ClientCredentials("questionnaires", CLIENT_ID, secret)),
            agent=await asyncio.to_thread(_agent, servers),
            watch=watch,
            choices=choices,
        )


@asynccontextmanager
async def _temporary_folder() -> AsyncGenerator[Path]:
    """A folder that is gone at the end, also when an interrupt comes while a thread makes or removes it."""
    making = asyncio.ensure_future(asyncio.to_thread(tempfile.mkdtemp, prefix="agentkit-demo-"))
    try:
        yield Path(await asyncio.shield(making))
    finally:
        await asyncio.shield(asyncio.to_thread(shutil.rmtree, await making, ignore_errors=True))


def _four_addresses() -> list[Address]:
    return [bind("127.0.0.1", 0) for _ in range(4)]


def _tool_servers(folder: Path, address: Address, issuer: Address, token: str, secret: str) -> ToolServers:
    """Each server with the authorization it is there to show."""
    servers = ToolServers(address, issuer)
    bearer = Access((Authorization.BEARER,), token=token)
    oauth = Access((Authorization.OAUTH2,), client=(CLIENT_ID, secret))
    servers.add("ehr", bearer, storage=str(folder / "ehr.db"))
    servers.add("questionnaires", oauth, storage=str(folder / "questionnaires.db"))
    return servers


def _agent(servers: ToolServers) -> AgentSpec:
    doors = {door.name: door for door in servers.doors}
    experts = [
        load_expert(expert).spec(doors[server].url, authorization=doors[server].authorization)
        for expert, server in EXPERTS.items()
    ]
    description = "Answers questions about a patient's record and runs short questionnaires."
    return AgentSpec(name="visit-helper", description=description, experts=experts)
