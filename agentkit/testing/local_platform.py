"""The local platform in-process, with MCP servers beside it and a client in front: no socket, no key, no cost."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Self

import httpx2

from agentkit.errors import ConnectionFailed
from agentkit.platform import PlatformSettings, create_platform
from agentkit.testing.asgi import ASGIApp, RoutedTransport, running

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from agentkit.client import AsyncCorti
    from agentkit.client.generation import GenerationChoice
    from agentkit.compose import Agent
    from agentkit.credentials import ClientCredentials, Token
    from agentkit.mcp.client.pool import HttpPool
    from agentkit.reasoning import Reasoner
    from agentkit.specs import RemoteAgentSpec

URL: Final = "http://127.0.0.1:8700"
"""Where clients believe the platform to be; a loopback address, because tokens travel over plain http there only."""
CLIENT_ID: Final = "local-client"
CLIENT_SECRET: Final = "local-secret"  # noqa: S105 - the documented one for development


class LocalPlatform:
    """A local platform in this process; it starts and stops with an `async with` block.

    ```python
    async with platform(servers={"http://ehr.test": host([...], public_url="http://ehr.test")}) as local:
        agent = await local.corti.agents.create(spec)
    ```

    Attributes:
        url: Where the platform lies for `http` and `corti`.
        settings: What the platform was told.
        credentials: What opens the installed servers, for the first message of a context.
    """

    def __init__(
        self,
        settings: PlatformSettings | None = None,
        *,
        servers: Mapping[str, ASGIApp] | None = None,
        installed: bool = False,
        reasoner: Reasoner | None = None,
        clock: Callable[[], datetime] | None = None,
    ) -> None:
        """Prepare a platform; it starts with the block.

        Args:
            settings: None takes the defaults with everything in memory. The address and the ways to servers and
                remote agents are set here.
            servers: Apps by their origin, for example MCP servers made by `agentkit.mcp.host`, or remote agents.
            installed: Serve the installed MCP servers, too, so that the experts of the registry can be used.
            reasoner: Takes the place of the settings' one.
            clock: Takes the place of the settings' one, for example a `MovableClock`.
        """
        given = settings or PlatformSettings()
        self.url = URL
        self.settings = replace(
            given,
            url=URL,
            http=self._platforms_client,
            remote_agents=given.remote_agents or _remote_agent,
            reasoner=reasoner or given.reasoner,
            clock=clock or given.clock,
        )
        self.credentials: tuple[Token | ClientCredentials, ...] = ()
        self._servers = dict(servers or {})
        self._installed = installed
        self._routes: dict[str, ASGIApp] = {}
        self._live: ASGIApp | None = None
        self._stack = AsyncExitStack()
        self._http: httpx2.AsyncClient | None = None
        self._corti: AsyncCorti | None = None

    async def __aenter__(self) -> Self:
        """Start the servers, then the platform."""
        servers = {**self._servers, **(await self._installed_servers() if self._installed else {})}

        async def itself(scope: Any, receive: Any, send: Any) -> None:
            await self.app(scope, receive, send)

        async with AsyncExitStack() as stack:
            stack.callback(self._forget)
            # The platform makes its client while it starts, and its agents may ask one another over A2A.
            self._routes = {URL: itself}
            for origin, app in servers.items():
                self._routes[origin] = await stack.enter_async_context(running(app))
            self._live = await stack.enter_async_context(running(create_platform(self.settings)))
            self._http = await stack.enter_async_context(_client(RoutedTransport(self._routes)))
            self._stack = stack.pop_all()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop everything in reverse order."""
        await self._stack.aclose()

    @property
    def http(self) -> httpx2.AsyncClient:
        """A client without token."""
        if self._http is None:
            raise RuntimeError("use the platform in an `async with` block")
        return self._http

    @property
    def corti(self) -> AsyncCorti:
        """The Corti client, made on first use."""
        if self._corti is None:
            self._corti = self.new_corti()
        return self._corti

    def new_corti(
        self,
        *,
        client_id: str = CLIENT_ID,
        client_secret: str = CLIENT_SECRET,
        tenant: str | None = None,
        generation: GenerationChoice = "auto",
    ) -> AsyncCorti:
        """Another Corti client of this platform, for example of another caller; it is closed with the platform.

        Args:
            client_id: Who signs in.
            client_secret: And proves it.
            tenant: Where; None takes the first of the settings.
            generation: Which agents API is spoken.

        Raises:
            RuntimeError: The platform does not run.
        """
        _ = self.app
        from agentkit.client import AsyncCorti

        corti = AsyncCorti(
            base_url=self.url,
            tenant=tenant or self.settings.tenants[0],
            client_id=client_id,
            client_secret=client_secret,
            generation=generation,
            transport=RoutedTransport(self._routes),
            # A token that the platform's clock has let expire must not be held for good by the client's.
            clock=lambda: self.settings.clock().timestamp(),
        )
        self._stack.push_async_callback(corti.aclose)
        return corti

    async def bearer(
        self, client_id: str = CLIENT_ID, client_secret: str = CLIENT_SECRET, *, tenant: str | None = None
    ) -> str:
        """An access token of the platform; by default for the first tenant of the settings."""
        answer = await self.http.post(
            f"{self.url}/realms/{tenant or self.settings.tenants[0]}/protocol/openid-connect/token",
            data={
                "grant_type": "client_credentials",
                "client_id": client_id,
                "client_secret": client_secret,
                "scope": "openid",
            },
        )
        return str(answer.raise_for_status().json()["access_token"])

    @property
    def app(self) -> ASGIApp:
        """The platform as it runs, for clients with transports of their own (`agentkit.testing.httpx_transport`).

        Raises:
            RuntimeError: The platform does not run.
        """
        if self._live is None:
            raise RuntimeError("use the platform in an `async with` block")
        return self._live

    @property
    def origins(self) -> Sequence[str]:
        """What `http` can reach."""
        return tuple(self._routes)

    def _forget(self) -> None:
        self._routes, self._live, self._http, self._corti = {}, None, None, None

    def _platforms_client(self) -> httpx2.AsyncClient:
        return _client(_Within(self._routes))

    async def _installed_servers(self) -> Mapping[str, ASGIApp]:
        from agentkit.testing.installed import installed_servers

        url = self.settings.servers_url.rstrip("/")
        if url in self._servers:
            raise ValueError(f"servers holds an app for {url}, which is the place of the installed servers")
        made = await asyncio.to_thread(installed_servers, url)  # it reads what is installed from the disk
        self.credentials = made.credentials
        return {url: made.app}


class _Within(RoutedTransport):
    """Says what to do where nothing is: of an error that is not ours the platform tells nothing but its kind."""

    def nothing_at(self, request: httpx2.Request) -> Exception:
        origin = f"{request.url.scheme}://{request.url.netloc.decode('ascii')}"
        return ConnectionFailed(
            f"in this process nothing is at {origin}. Give the platform servers={{origin: app}}, or installed=True for "
            "the installed MCP servers."
        )


def _client(transport: RoutedTransport) -> httpx2.AsyncClient:
    return httpx2.AsyncClient(transport=transport, timeout=60.0)


def _remote_agent(spec: RemoteAgentSpec, *, inherit: bool, http: HttpPool) -> Agent:
    from agentkit.a2a import remote_agent  # here, because it takes a second to import, and few platforms ask one

    return remote_agent(spec, inherit=inherit, http=http)


platform = LocalPlatform
"""How tests ask for one: `async with platform() as local:`."""
