"""The agent card: built from an `Agent`, checked by the SDK's types, served with HTTP caching (A2A-CARD-01 to -08)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from typing import Final, cast

from a2a.types import AgentCard
from a2a.utils.constants import AGENT_CARD_WELL_KNOWN_PATH
from a2a.utils.errors import InvalidParamsError
from a2a.utils.proto_utils import validate_proto_required_fields
from google.protobuf.json_format import MessageToDict, ParseDict, ParseError
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from agentkit.compose.agent import Agent
from agentkit.errors import SpecError
from agentkit.models import AgentSkill, Json, JsonObject

PROTOCOL_VERSION: Final = "1.0"
"""The A2A version our routes speak."""

RPC_PATH: Final = "/a2a"
"""Where JSON-RPC lies below an agent's URL, as on Corti's generation 2 (A2A-CO-01)."""

CREDENTIALS_EXTENSION: Final = "urn:corti-agentkit:ext:mcp-credentials:v1"
"""The extension under which auth DataParts in Corti's form are understood (A2A-AR-04)."""

BEARER_SCHEME: Final[Mapping[str, JsonObject]] = {"bearer": {"httpAuthSecurityScheme": {"scheme": "Bearer"}}}
"""The security scheme of `bearer_authenticator`."""

_MODES: Final = ("text/plain", "application/json")


def build_card(
    agent: Agent,
    *,
    url: str,
    version: str = "0.1.0",
    provider: tuple[str, str] | None = None,
    documentation_url: str | None = None,
    input_modes: Sequence[str] = _MODES,
    output_modes: Sequence[str] = _MODES,
    security_schemes: Mapping[str, JsonObject] | None = None,
    required_extensions: Sequence[str] = (),
    streaming: bool = True,
) -> AgentCard:
    """The card of an agent.

    Args:
        agent: Its name, description and skills go into the card; without skills it has one, named after itself.
        url: Where the agent is served, without trailing slash; JSON-RPC lies at `{url}/a2a`, HTTP+JSON at `url`.
        version: The agent's own version.
        provider: Organization and its address.
        documentation_url: Where a human reads on.
        input_modes: Media types of parts the agent takes (A2A-SEND-06).
        output_modes: Media types it answers with.
        security_schemes: Schemes by name, in the JSON form of A2A; one of them is enough to get in.
        required_extensions: URIs of extensions a client must name (A2A-EXT-01).
        streaming: Whether streams are offered (A2A-CARD-08).

    Raises:
        SpecError: A required field is empty (A2A-CARD-02).
    """
    base = url.rstrip("/")
    extensions: list[Json] = [{"uri": uri, "required": True} for uri in required_extensions]
    extensions.append(
        {
            "uri": CREDENTIALS_EXTENSION,
            "description": "Data parts of type token or credentials authorize calls to one MCP server, named by "
            "mcp_name. They are taken out before anything is stored or logged.",
            "required": False,
        }
    )
    schemes = security_schemes or {}
    card: JsonObject = {
        "name": agent.name,
        "description": agent.description,
        "version": version,
        "supportedInterfaces": [
            {"url": base + RPC_PATH, "protocolBinding": "JSONRPC", "protocolVersion": PROTOCOL_VERSION},
            {"url": base, "protocolBinding": "HTTP+JSON", "protocolVersion": PROTOCOL_VERSION},
        ],
        "capabilities": {
            "streaming": streaming,
            "pushNotifications": False,
            "extendedAgentCard": False,
            "extensions": extensions,
        },
        "defaultInputModes": list(input_modes),
        "defaultOutputModes": list(output_modes),
        "skills": [_skill(agent, skill) for skill in agent.skills or (_own_skill(agent),)],
        "securitySchemes": dict(schemes),
        "securityRequirements": [{"schemes": {name: {"list": []}}} for name in schemes],
    }
    if provider is not None:
        card["provider"] = {"organization": provider[0], "url": provider[1]}
    if documentation_url is not None:
        card["documentationUrl"] = documentation_url
    return _checked(card)


def card_document(card: AgentCard) -> JsonObject:
    """The card as JSON, the same for the same card: what is served, and what is committed in `agent-cards/` (D9)."""
    document: JsonObject = MessageToDict(card)
    return cast(JsonObject, json.loads(json.dumps(document, sort_keys=True)))


def card_text(card: AgentCard) -> str:
    """The card as it is committed: indented, keys sorted, with a line break at the end."""
    return json.dumps(card_document(card), indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def card_route(card: AgentCard, *, path: str = AGENT_CARD_WELL_KNOWN_PATH, max_age: int = 300) -> Route:
    """Serve a card with `ETag`, `Last-Modified` and `Cache-Control`; answers 304 where the client has it already."""
    body = json.dumps(card_document(card), ensure_ascii=False, separators=(",", ":")).encode()
    modified = datetime.now(UTC).replace(microsecond=0)
    headers = {
        "ETag": f'"{hashlib.sha256(body).hexdigest()}"',
        "Last-Modified": format_datetime(modified, usegmt=True),
        "Cache-Control": f"public, max-age={max_age}",
    }

    async def serve(request: Request) -> Response:
        if _has_current(request, headers["ETag"], modified):
            return Response(status_code=304, headers=headers)
        return Response(body, headers=headers, media_type="application/json")

    return Route(path, serve, methods=["GET"])


def _has_current(request: Request, etag: str, modified: datetime) -> bool:
    known = request.headers.get("if-none-match")
    if known is not None:
        return any(tag.strip().removeprefix("W/") in (etag, "*") for tag in known.split(","))
    since = request.headers.get("if-modified-since")
    if since is None:
        return False
    try:
        return modified <= parsedate_to_datetime(since).astimezone(UTC)
    except ValueError:
        return False


def _checked(document: JsonObject) -> AgentCard:
    card = AgentCard()
    try:
        ParseDict(document, card)
        validate_proto_required_fields(card)
    except ParseError as error:
        raise SpecError("card", f"is no valid agent card: {error}") from error
    except InvalidParamsError as error:
        data = cast(Mapping[str, list[Mapping[str, str]]], error.data)  # pyright: ignore[reportUnknownMemberType]
        fields = ", ".join(violation["field"] for violation in data["errors"])
        raise SpecError("card", f"lacks {fields}", remedy="Give the agent a name, a description and skills.") from error
    return card


def _own_skill(agent: Agent) -> AgentSkill:
    return AgentSkill(id=agent.name, name=agent.name, description=agent.description)


def _skill(agent: Agent, skill: AgentSkill) -> JsonObject:
    wire: JsonObject = {
        "id": skill.id,
        "name": skill.name,
        "description": skill.description,
        "tags": list(skill.tags or (agent.name,)),
    }
    optional: dict[str, tuple[str, ...]] = {
        "examples": skill.examples,
        "inputModes": skill.input_modes,
        "outputModes": skill.output_modes,
    }
    for key, values in optional.items():
        if values:
            wire[key] = list(values)
    return wire
