"""The Corti API: `AsyncCorti`, and `Corti` for programs without an event loop.

Marks such as (CLI-05) in docstrings and errors are rules of Corti's API; `tests/contract/requirements.toml` lists the
tests that prove each of them.

Names load when they are first used; making a client loads neither httpx2 nor pydantic (design, section 3).
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from agentkit.client.blocking.agents import BlockingAgents
    from agentkit.client.blocking.codes import BlockingCodes
    from agentkit.client.blocking.connectors import BlockingConnectors
    from agentkit.client.blocking.contexts import BlockingContexts
    from agentkit.client.blocking.conversation import BlockingConversation
    from agentkit.client.blocking.corti import Corti
    from agentkit.client.blocking.documents import BlockingDocuments
    from agentkit.client.blocking.experts import BlockingExperts
    from agentkit.client.blocking.facts import BlockingFacts
    from agentkit.client.blocking.handle import BlockingAgentHandle
    from agentkit.client.blocking.interactions import BlockingInteractions
    from agentkit.client.blocking.languages import BlockingLanguages
    from agentkit.client.blocking.pages import BlockingPages
    from agentkit.client.blocking.recordings import BlockingRecordings
    from agentkit.client.blocking.stream import BlockingEventStream
    from agentkit.client.blocking.templates import BlockingTemplates
    from agentkit.client.blocking.transcripts import BlockingTranscripts
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
    from agentkit.client.migration import Loss, MigrationPlan, plan_migration
    from agentkit.client.page import Page
    from agentkit.client.pkce import Pkce, authorize_url
    from agentkit.client.reply import Reply
    from agentkit.client.resources.agents import Agents
    from agentkit.client.resources.codes import Codes
    from agentkit.client.resources.connectors import Connectors
    from agentkit.client.resources.contexts import Contexts
    from agentkit.client.resources.conversation import Conversation
    from agentkit.client.resources.documents import Documents
    from agentkit.client.resources.experts import Experts
    from agentkit.client.resources.facts import Facts
    from agentkit.client.resources.handle import AgentHandle
    from agentkit.client.resources.interactions import Interactions
    from agentkit.client.resources.languages import Languages
    from agentkit.client.resources.pages import Pages
    from agentkit.client.resources.recordings import Recordings
    from agentkit.client.resources.stream import EventStream
    from agentkit.client.resources.templates import Templates
    from agentkit.client.resources.transcripts import Transcripts

__all__ = [
    "AccessToken",
    "AgentHandle",
    "Agents",
    "AsyncCorti",
    "AuthorizationCodeGrant",
    "BlockingAgentHandle",
    "BlockingAgents",
    "BlockingCodes",
    "BlockingConnectors",
    "BlockingContexts",
    "BlockingConversation",
    "BlockingDocuments",
    "BlockingEventStream",
    "BlockingExperts",
    "BlockingFacts",
    "BlockingInteractions",
    "BlockingLanguages",
    "BlockingPages",
    "BlockingRecordings",
    "BlockingTemplates",
    "BlockingTranscripts",
    "ClientConfig",
    "ClientCredentialsGrant",
    "Codes",
    "Connectors",
    "Contexts",
    "Conversation",
    "Corti",
    "Documents",
    "Endpoints",
    "EventStream",
    "Experts",
    "Facts",
    "Interactions",
    "Languages",
    "Loss",
    "MigrationPlan",
    "NoAuth",
    "Page",
    "Pages",
    "PasswordGrant",
    "Pkce",
    "Recordings",
    "RefreshTokenGrant",
    "Reply",
    "Templates",
    "Transcripts",
    "authorize_url",
    "plan_migration",
]

_HOME = {
    "AccessToken": "grants",
    "AgentHandle": "resources.handle",
    "Agents": "resources.agents",
    "AsyncCorti": "corti",
    "AuthorizationCodeGrant": "grants",
    "BlockingAgentHandle": "blocking.handle",
    "BlockingAgents": "blocking.agents",
    "BlockingCodes": "blocking.codes",
    "BlockingConnectors": "blocking.connectors",
    "BlockingContexts": "blocking.contexts",
    "BlockingConversation": "blocking.conversation",
    "BlockingDocuments": "blocking.documents",
    "BlockingEventStream": "blocking.stream",
    "BlockingExperts": "blocking.experts",
    "BlockingFacts": "blocking.facts",
    "BlockingInteractions": "blocking.interactions",
    "BlockingLanguages": "blocking.languages",
    "BlockingPages": "blocking.pages",
    "BlockingRecordings": "blocking.recordings",
    "BlockingTemplates": "blocking.templates",
    "BlockingTranscripts": "blocking.transcripts",
    "ClientConfig": "config",
    "ClientCredentialsGrant": "grants",
    "Codes": "resources.codes",
    "Connectors": "resources.connectors",
    "Contexts": "resources.contexts",
    "Conversation": "resources.conversation",
    "Corti": "blocking.corti",
    "Documents": "resources.documents",
    "Endpoints": "endpoints",
    "EventStream": "resources.stream",
    "Experts": "resources.experts",
    "Facts": "resources.facts",
    "Interactions": "resources.interactions",
    "Languages": "resources.languages",
    "Loss": "migration",
    "MigrationPlan": "migration",
    "NoAuth": "grants",
    "Page": "page",
    "Pages": "resources.pages",
    "PasswordGrant": "grants",
    "Pkce": "pkce",
    "Recordings": "resources.recordings",
    "RefreshTokenGrant": "grants",
    "Reply": "reply",
    "Templates": "resources.templates",
    "Transcripts": "resources.transcripts",
    "authorize_url": "pkce",
    "plan_migration": "migration",
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
