"""The Corti API: `AsyncCorti`, and `Corti` for programs without an event loop.

Names load when they are first used; making a client loads neither httpx2 nor pydantic (design, section 3).
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from agentkit.client.blocking.agents import BlockingAgents
    from agentkit.client.blocking.connectors import BlockingConnectors
    from agentkit.client.blocking.contexts import BlockingContexts
    from agentkit.client.blocking.conversation import BlockingConversation
    from agentkit.client.blocking.corti import Corti
    from agentkit.client.blocking.experts import BlockingExperts
    from agentkit.client.blocking.handle import BlockingAgentHandle
    from agentkit.client.blocking.pages import BlockingPages
    from agentkit.client.blocking.stream import BlockingEventStream
    from agentkit.client.config import ClientConfig
    from agentkit.client.corti import AsyncCorti
    from agentkit.client.endpoints import Endpoints
    from agentkit.client.grants import (
        AccessToken,
        AuthorizationCodeGrant,
        ClientCredentialsGrant,
        NoAuth,
        PasswordGrant,
        RefreshTokenGrant,
    )
    from agentkit.client.page import Page
    from agentkit.client.pkce import Pkce, authorize_url
    from agentkit.client.reply import Reply
    from agentkit.client.resources.agents import Agents
    from agentkit.client.resources.connectors import Connectors
    from agentkit.client.resources.contexts import Contexts
    from agentkit.client.resources.conversation import Conversation
    from agentkit.client.resources.experts import Experts
    from agentkit.client.resources.handle import AgentHandle
    from agentkit.client.resources.pages import Pages
    from agentkit.client.resources.stream import EventStream

__all__ = [
    "AccessToken",
    "AgentHandle",
    "Agents",
    "AsyncCorti",
    "AuthorizationCodeGrant",
    "BlockingAgentHandle",
    "BlockingAgents",
    "BlockingConnectors",
    "BlockingContexts",
    "BlockingConversation",
    "BlockingEventStream",
    "BlockingExperts",
    "BlockingPages",
    "ClientConfig",
    "ClientCredentialsGrant",
    "Connectors",
    "Contexts",
    "Conversation",
    "Corti",
    "Endpoints",
    "EventStream",
    "Experts",
    "NoAuth",
    "Page",
    "Pages",
    "PasswordGrant",
    "Pkce",
    "RefreshTokenGrant",
    "Reply",
    "authorize_url",
]

_HOME = {
    "AccessToken": "grants",
    "AgentHandle": "resources.handle",
    "Agents": "resources.agents",
    "AsyncCorti": "corti",
    "AuthorizationCodeGrant": "grants",
    "BlockingAgentHandle": "blocking.handle",
    "BlockingAgents": "blocking.agents",
    "BlockingConnectors": "blocking.connectors",
    "BlockingContexts": "blocking.contexts",
    "BlockingConversation": "blocking.conversation",
    "BlockingEventStream": "blocking.stream",
    "BlockingExperts": "blocking.experts",
    "BlockingPages": "blocking.pages",
    "ClientConfig": "config",
    "ClientCredentialsGrant": "grants",
    "Connectors": "resources.connectors",
    "Contexts": "resources.contexts",
    "Conversation": "resources.conversation",
    "Corti": "blocking.corti",
    "Endpoints": "endpoints",
    "EventStream": "resources.stream",
    "Experts": "resources.experts",
    "NoAuth": "grants",
    "Page": "page",
    "Pages": "resources.pages",
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
