"""The Corti API: `AsyncCorti`, and `Corti` for programs without an event loop.

Names load when they are first used; making a client loads neither httpx2 nor pydantic (design, section 3).
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from agentkit.client.blocking import Corti
    from agentkit.client.blocking_resources import BlockingAgentHandle, BlockingAgents, BlockingExperts
    from agentkit.client.config import ClientConfig, Endpoints
    from agentkit.client.corti import AsyncCorti
    from agentkit.client.grants import (
        AccessToken,
        AuthorizationCodeGrant,
        ClientCredentialsGrant,
        NoAuth,
        PasswordGrant,
        RefreshTokenGrant,
    )
    from agentkit.client.pkce import Pkce, authorize_url
    from agentkit.client.reply import Reply
    from agentkit.client.resources import AgentHandle, Agents, Experts

__all__ = [
    "AccessToken",
    "AgentHandle",
    "Agents",
    "AsyncCorti",
    "AuthorizationCodeGrant",
    "BlockingAgentHandle",
    "BlockingAgents",
    "BlockingExperts",
    "ClientConfig",
    "ClientCredentialsGrant",
    "Corti",
    "Endpoints",
    "Experts",
    "NoAuth",
    "PasswordGrant",
    "Pkce",
    "RefreshTokenGrant",
    "Reply",
    "authorize_url",
]

_HOME = {
    "AccessToken": "grants",
    "AgentHandle": "resources",
    "Agents": "resources",
    "AsyncCorti": "corti",
    "AuthorizationCodeGrant": "grants",
    "BlockingAgentHandle": "blocking_resources",
    "BlockingAgents": "blocking_resources",
    "BlockingExperts": "blocking_resources",
    "ClientConfig": "config",
    "ClientCredentialsGrant": "grants",
    "Corti": "blocking",
    "Endpoints": "config",
    "Experts": "resources",
    "NoAuth": "grants",
    "PasswordGrant": "grants",
    "Pkce": "pkce",
    "RefreshTokenGrant": "grants",
    "Reply": "reply",
    "authorize_url": "pkce",
}


def __getattr__(name: str) -> object:
    """Import a public name from its module."""
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value: object = getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """The public names."""
    return sorted({*globals(), *__all__})
