"""What the registries offer (V1-OBJ-11, V2-OBJ-23, LOC-05)."""

from __future__ import annotations

from tests.contract.corti_double.schema import JsonObject

_LIMIT_SCHEMA: JsonObject = {
    "type": "object",
    "properties": {"maxResults": {"type": "integer", "default": 5}, "language": {"type": "string", "default": "en"}},
}

EXPERTS: tuple[JsonObject, ...] = (
    {
        "name": "pubmed-expert",
        "description": "Searches PubMed",
        "displayName": "PubMed",
        "displayDescription": "Finds literature",
        "mcpServers": [{"name": "pubmed", "authorizationType": "none"}],
        "configSchema": _LIMIT_SCHEMA,
    },
    {"name": "web-search-expert", "description": "Searches the web", "mcpServers": []},
    {"name": "interviewing-expert", "description": "Asks the questions of a questionnaire"},
    {
        "name": "posos-expert",
        "description": "Looks up medicines",
        "mcpServers": [{"name": "posos", "authorizationType": "bearer"}],
    },
    {"name": "@corti/medical-coding", "description": "Codes clinical text"},
)

CONNECTORS: tuple[JsonObject, ...] = (
    {
        "id": "pubmed-expert",
        "type": "registry",
        "name": "pubmed-expert",
        "title": "PubMed",
        "description": "Searches PubMed",
        "configSchema": _LIMIT_SCHEMA,
    },
    {"id": "web-search-expert", "type": "registry", "name": "web-search-expert", "description": "Searches the web"},
    {"id": "interviewing-expert", "type": "registry", "name": "interviewing-expert"},
    {"id": "@corti/medical-coding", "type": "registry", "name": "@corti/medical-coding"},
)
