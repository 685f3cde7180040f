"""Agents as A2A 1.0 servers; the only room that imports the A2A SDK (design D2).

The SDK gives card types, validation and the error table. Routes, streams and storage are ours: its routes cannot send
event ids and miss several MUSTs (a2a.md section 9), its stores are not used.
"""

from agentkit.a2a.card import (
    BEARER_SCHEME,
    CREDENTIALS_EXTENSION,
    build_card,
    card_document,
    card_route,
    card_text,
)
from agentkit.a2a.security import Authenticate, bearer_authenticator
from agentkit.a2a.server import a2a_app, a2a_routes

__all__ = [
    "BEARER_SCHEME",
    "CREDENTIALS_EXTENSION",
    "Authenticate",
    "a2a_app",
    "a2a_routes",
    "bearer_authenticator",
    "build_card",
    "card_document",
    "card_route",
    "card_text",
]
