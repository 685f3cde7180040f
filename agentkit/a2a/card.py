"""The agent card: built from an `Agent` and how it is served, checked by the SDK's types (A2A-CARD-02, -03, -08)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Final, cast

from a2a.compat.v0_3.conversions import to_compat_agent_card
from a2a.types import AgentCard
from a2a.utils.errors import InvalidParamsError
from a2a.utils.proto_utils import validate_proto_required_fields
from google.protobuf.json_format import MessageToDict, ParseDict, ParseError

from agentkit.a2a.authorization import Security
from agentkit.a2a.card_texts import CardTexts, pretty
from agentkit.compose.agent import Agent
from agentkit.errors import SpecError
from agentkit.models import AgentSkill, Json, JsonObject

PROTOCOL_VERSION: Final = "1.0"
"""The A2A version that our routes speak at their best."""

VERSIONS: Final = (PROTOCOL_VERSION, "0.3")
"""All that they speak, the best one first."""

RPC_PATH: Final = "/a2a"
"""Where JSON-RPC lies below an agent's URL, as on Corti's generation 2 (A2A-CO-01)."""

CREDENTIALS_EXTENSION: Final = "urn:corti-agentkit:ext:mcp-credentials:v1"
"""The extension under which auth DataParts in Corti's form are understood (A2A-AR-04)."""

IDEMPOTENT_SEND_EXTENSION: Final = "urn:corti-agentkit:ext:idempotent-send:v1"
"""The extension that promises A2A-SEND-09: a message that is sent again leads to the task that it led to before."""

_EXTENSIONS: Final[Mapping[str, str]] = {
    CREDENTIALS_EXTENSION: "Data parts of type token or credentials authorize calls to one MCP server, named by "
    "mcp_name. They are taken out before anything is stored or logged.",
    IDEMPOTENT_SEND_EXTENSION: "The same messageId of the same caller, with the same contextId or none and the same "
    "content, leads to the task that it led to before.",
}


def build_card(
    agent: Agent,
    *,
    url: str,
    texts: CardTexts | None = None,
    security: Security | None = None,
    versions: Sequence[str] = VERSIONS,
    grpc_url: str | None = None,
    streaming: bool = True,
    push: bool = False,
    extended: bool = False,
    more_skills: Sequence[AgentSkill] = (),
    required_extensions: Sequence[str] = (),
) -> AgentCard:
    """The card of an agent.

    Args:
        agent: Its name, description and skills go into the card; without skills it has one, named after itself.
        url: Where the agent is served, without trailing slash; JSON-RPC lies at `{url}/a2a`, HTTP+JSON at `url`.
        texts: What people read, where somebody wrote it; else it comes from the agent.
        security: Who is let in; the card declares its schemes (A2A-SEC-01). None for everybody.
        versions: Of the protocol; in the order in which they are offered (A2A-CARD-03).
        grpc_url: Host and port of the gRPC binding; None where it is not served.
        streaming: Whether streams are offered (A2A-CARD-08).
        push: Whether push notifications are.
        extended: Whether there is an extended card for callers who say who they are (A2A-XC-01).
        more_skills: Beside those of the agent, for an extended card.
        required_extensions: URIs of extensions a client must name (A2A-EXT-01).

    Raises:
        SpecError: A required field is empty (A2A-CARD-02), or a skill asks for a scheme that is not there.
    """
    texts = texts or CardTexts()
    security = security or Security()
    extensions: list[Json] = [{"uri": uri, "required": True} for uri in required_extensions]
    for uri, text in _EXTENSIONS.items():
        extensions.append({"uri": uri, "description": text, "required": False})
    skills = (*(texts.skills or agent.skills or (_own_skill(agent),)), *more_skills)
    card: JsonObject = {
        "name": texts.name or agent.name,
        "description": texts.description or agent.description,
        "version": texts.version,
        "supportedInterfaces": _interfaces(url.rstrip("/"), versions, grpc_url),
        "capabilities": {
            "streaming": streaming,
            "pushNotifications": push,
            "extendedAgentCard": extended,
            "extensions": extensions,
        },
        "defaultInputModes": list(texts.input_modes),
        "defaultOutputModes": list(texts.output_modes),
        "skills": [_skill(agent, skill, security) for skill in skills],
        "securitySchemes": security.schemes,
        "securityRequirements": security.requirements,
    }
    if texts.provider is not None:
        card["provider"] = {"organization": texts.provider[0], "url": texts.provider[1]}
    if texts.documentation_url is not None:
        card["documentationUrl"] = texts.documentation_url
    if texts.icon_url is not None:
        card["iconUrl"] = texts.icon_url
    return _checked(card)


def card_document(card: AgentCard) -> JsonObject:
    """The card as JSON, the same for the same card; with the members of 0.3 where it is spoken too (A2A-03-02)."""
    document: JsonObject = MessageToDict(card)
    if any(one.protocol_version.startswith("0.3") for one in card.supported_interfaces):
        older: JsonObject = to_compat_agent_card(card).model_dump(mode="json", by_alias=True, exclude_none=True)
        if not older.get("supportsAuthenticatedExtendedCard"):
            older.pop("supportsAuthenticatedExtendedCard", None)
        _merge(document, older)
    return cast(JsonObject, json.loads(json.dumps(document, sort_keys=True)))


def card_text(card: AgentCard) -> str:
    """The card as it is committed in `agent-cards/` (D9): indented, keys sorted, with a line break at the end."""
    return pretty(card_document(card))


def _interfaces(url: str, versions: Sequence[str], grpc_url: str | None) -> list[Json]:
    found: list[Json] = []
    for version in versions:
        for address, binding in ((url + RPC_PATH, "JSONRPC"), (url, "HTTP+JSON")):
            found.append({"url": address, "protocolBinding": binding, "protocolVersion": version})
        if grpc_url is not None:
            found.append({"url": grpc_url, "protocolBinding": "GRPC", "protocolVersion": version})
    return found


def _merge(document: JsonObject, older: JsonObject) -> None:
    """Add members that are not there yet, in nested objects too; nothing that is there changes."""
    for name, value in older.items():
        known = document.setdefault(name, value)
        if isinstance(known, dict) and isinstance(value, dict):
            _merge(known, value)
        elif isinstance(known, list) and isinstance(value, list):
            for one, other in zip(known, value, strict=False):
                if isinstance(one, dict) and isinstance(other, dict):
                    _merge(one, other)


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


def _skill(agent: Agent, skill: AgentSkill, security: Security) -> JsonObject:
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
    if isinstance(skill.security, list) and skill.security:
        wire["securityRequirements"] = [_requirement(skill, one, security) for one in skill.security]
    return wire


def _requirement(skill: AgentSkill, requirement: Json, security: Security) -> Json:
    """What a skill needs beside; written as `{"scheme": ["scope"]}` or in the longer form of the card."""
    schemes = requirement.get("schemes", requirement) if isinstance(requirement, dict) else None
    if not isinstance(schemes, dict) or not schemes.keys() <= security.schemes.keys():
        known = ", ".join(security.schemes) or "none"
        raise SpecError(f"skills.{skill.id}.security", f"asks for a scheme that is not served; known: {known}")
    needed: JsonObject = {
        name: scopes if isinstance(scopes, dict) else {"list": scopes} for name, scopes in schemes.items()
    }
    return {"schemes": needed}
