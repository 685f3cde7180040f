"""Which agents a host has: the AI catalogue that A2A is about to adopt (A2A#2240), and a plain list for people."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from urllib.parse import urlsplit

from starlette.routing import Route

from agentkit.a2a.hosted import Placed
from agentkit.a2a.published import CARD_PATH, document_route
from agentkit.models import Json, JsonObject

AI_CATALOG_PATH: Final = "/.well-known/ai-catalog.json"
"""Where the AI catalogue of a host lies."""

LIST_PATH: Final = "/agents.json"
"""Where the plain list lies."""

_SPEC_VERSION: Final = "1.0"
_CATALOG: Final = "application/ai-catalog+json"
_CARD: Final = "application/a2a-agent-card+json"


def catalogue_routes(agents: Sequence[Placed], url: str) -> list[Route]:
    """Serve both documents; what they hold is in the public cards anyway."""
    catalog, plain = ai_catalog(agents, url), agent_list(agents)

    async def current_catalog() -> JsonObject:
        return catalog

    async def current_list() -> JsonObject:
        return plain

    return [
        document_route(AI_CATALOG_PATH, current_catalog, media_type=_CATALOG),
        document_route(LIST_PATH, current_list),
    ]


def ai_catalog(agents: Sequence[Placed], url: str) -> JsonObject:
    """The AI catalogue: an entry for the card of each agent."""
    host = urlsplit(url).hostname or "localhost"
    entries: list[Json] = []
    for placed in agents:
        card = placed.card
        entry: JsonObject = {
            "identifier": f"urn:air:{host}:agent:{placed.path.strip('/') or placed.agent.name}",
            "displayName": card.name,
            "type": _CARD,
            "url": placed.url + CARD_PATH,
            "description": card.description,
            "version": card.version,
        }
        tags: list[Json] = [*dict.fromkeys(tag for skill in card.skills for tag in skill.tags)]
        if tags:
            entry["tags"] = tags
        entries.append(entry)
    return {"specVersion": _SPEC_VERSION, "host": {"displayName": host}, "entries": entries}


def agent_list(agents: Sequence[Placed]) -> JsonObject:
    """The plain list: name, description and addresses of each agent."""
    listed: list[Json] = []
    for placed in agents:
        skills: list[Json] = [{"id": skill.id, "name": skill.name} for skill in placed.card.skills]
        listed.append(
            {
                "name": placed.card.name,
                "description": placed.card.description,
                "url": placed.url,
                "card": placed.url + CARD_PATH,
                "skills": skills,
            }
        )
    return {"agents": listed}
