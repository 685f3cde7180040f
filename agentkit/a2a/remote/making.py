"""`remote_agent`: from an address or a card to an agent that can be composed."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Collection
from typing import cast
from urllib.parse import urlsplit

from agentkit.a2a.remote.agent import RemoteAgent
from agentkit.a2a.remote.authorization import RemoteAuth, authorizer_for
from agentkit.a2a.remote.card_source import card_check, first_address
from agentkit.a2a.remote.http import RemoteLimits
from agentkit.a2a.remote.peer import Peer
from agentkit.a2a.verified_card import CardTrust
from agentkit.errors import SpecError
from agentkit.mcp.client.input import checked_address
from agentkit.mcp.client.pool import HttpPool, new_connections, pool_on
from agentkit.models import JsonObject
from agentkit.specs import RemoteAgentSpec


def remote_agent(
    spec: RemoteAgentSpec | str | JsonObject,
    *,
    name: str | None = None,
    auth: RemoteAuth | None = None,
    inherit: bool = False,
    credentials: Collection[str] = (),
    trust: CardTrust | None = None,
    extensions: Collection[str] = (),
    limits: RemoteLimits | None = None,
    http: HttpPool | None = None,
    sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    clock: Callable[[], float] = time.monotonic,
) -> RemoteAgent:
    """An agent on any A2A server, as an agent that can be chained, nested and served.

    Nothing is sent before the first turn; `RemoteAgent.card()` reads the card earlier. Close it when it is no longer
    needed: it is an asynchronous context manager.

    Args:
        spec: The address of the agent, of its endpoint or of its card; a `RemoteAgentSpec`; or the card itself.
        name: What it is called here, in place of the spec's name, the card's, or the host's.
        auth: Lets requests in, also the one for the card: a `BearerToken`, an `ApiKey`, or `OAuthClientCredentials`,
            whose tokens are fetched, kept, renewed, and after a 401 fetched once more (A2A-CG-03).
        inherit: Pass on the token of whoever asks, in place of `auth`.
        credentials: Names of MCP servers whose credentials, brought by a caller's message, are passed on (MCPAUTH-14).
        trust: Whose signatures on its card are believed; a card without a good one is refused then (A2A-SIG-02). None
            takes the card as it comes.
        extensions: URIs of extensions that you know how to use; a card may require one.
        limits: What the agent may take of time and size.
        http: Connections to use in place of own ones, for example to an app in the same process; not closed here.
        sleep: Waits between tries.
        clock: Seconds that only go forward; for the age of cards and tokens.

    Raises:
        SpecError: There is no address or card, or the auth is none.
    """
    place, description = _place(spec)
    given = name or (spec.name if isinstance(spec, RemoteAgentSpec) else None)
    called = given or _name_of(place)
    connections = new_connections()
    pool = http or pool_on(connections)
    url = place if isinstance(place, str) else first_address(place)
    authorizer = authorizer_for(called, url, pool, auth, inherit=inherit, clock=clock)
    allowed = limits or RemoteLimits()
    peer = Peer(
        called,
        place,
        pool,
        authorizer,
        allowed,
        check=card_check(trust),
        extensions=extensions,
        clock=clock,
        connections=connections if http is None else None,
    )
    return RemoteAgent(
        called,
        peer,
        description=description,
        credentials=frozenset(credentials),
        inherit=inherit,
        limits=allowed,
        sleep=sleep,
        pool=None if http is not None else pool,
    )


def _place(spec: RemoteAgentSpec | str | JsonObject) -> tuple[str | JsonObject, str | None]:
    match spec:
        case RemoteAgentSpec(url=url, description=description):
            checked_address("RemoteAgentSpec.url", url)
            return url, description
        case str():
            checked_address("remote_agent", spec)
            return spec, None
        case dict():
            return spec, None
        case _:  # pyright: ignore[reportUnnecessaryComparison] - untyped callers give anything
            remedy = "Give its address, a RemoteAgentSpec, or its card as a JSON object."
            raise SpecError("remote_agent", f"a {type(cast('object', spec)).__name__} is no agent", remedy=remedy)


def _name_of(place: str | JsonObject) -> str:
    if isinstance(place, str):
        return urlsplit(place).hostname or place
    name = place.get("name")
    return name if isinstance(name, str) and name.strip() else "remote"
