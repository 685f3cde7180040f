"""Agents as A2A servers, and A2A servers as agents; the only room that imports the A2A SDK (design D2).

The SDK gives card types, validation and the error table. Routes, streams and storage are ours: its routes cannot send
event ids and miss several MUSTs (a2a.md section 9), its stores are not used.
"""

from agentkit.a2a.authorization import AllOf, Security
from agentkit.a2a.card import (
    CREDENTIALS_EXTENSION,
    IDEMPOTENT_SEND_EXTENSION,
    build_card,
    card_document,
    card_text,
)
from agentkit.a2a.card_keys import CardKeys
from agentkit.a2a.card_texts import CardTexts, read_card_texts
from agentkit.a2a.hosted import HostedAgent
from agentkit.a2a.published import card_route
from agentkit.a2a.remote import RemoteAgent, RemoteLimits, remote_agent
from agentkit.a2a.schemes import ApiKeyAuth, BearerAuth, InheritAuth, IntrospectionAuth, MutualTlsAuth, OAuthAuth
from agentkit.a2a.security import Gate
from agentkit.a2a.server import a2a_app, a2a_routes
from agentkit.a2a.signing import CardSigner
from agentkit.a2a.verified_card import CardTrust, VerifiedCard, verify_card
from agentkit.web.limits import Limits

__all__ = [
    "CREDENTIALS_EXTENSION",
    "IDEMPOTENT_SEND_EXTENSION",
    "AllOf",
    "ApiKeyAuth",
    "BearerAuth",
    "CardKeys",
    "CardSigner",
    "CardTexts",
    "CardTrust",
    "Gate",
    "HostedAgent",
    "InheritAuth",
    "IntrospectionAuth",
    "Limits",
    "MutualTlsAuth",
    "OAuthAuth",
    "RemoteAgent",
    "RemoteLimits",
    "Security",
    "VerifiedCard",
    "a2a_app",
    "a2a_routes",
    "build_card",
    "card_document",
    "card_route",
    "card_text",
    "read_card_texts",
    "remote_agent",
    "verify_card",
]
