"""Corti's own models: an OpenAI-compatible endpoint with a bearer made of the client's credentials."""

from __future__ import annotations

import base64

from agentkit.errors import ConfigurationError


def corti_models_url(environment: str) -> str:
    """The address of Corti's models endpoint in an environment, for example `eu` (AUTH-13)."""
    return f"https://ai.{environment}.corti.app/v1"


def corti_models_key(tenant: str, client_id: str, client_secret: str) -> str:
    """The bearer of Corti's models endpoint: base64 of tenant, grant, client id and secret (AUTH-13).

    Raises:
        ConfigurationError: One of them is empty, or holds the colon that stands between them.
    """
    for name, value in (("tenant", tenant), ("client_id", client_id)):
        if not value or ":" in value:
            raise ConfigurationError(name, "it is empty or holds a colon.")
    if not client_secret:
        raise ConfigurationError("client_secret", "it is empty.")
    return base64.b64encode(f"{tenant}:client_credentials:{client_id}:{client_secret}".encode()).decode()
