"""Agents as an author writes them, and changes to them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, TypeVar, cast

from agentkit.errors import SpecError
from agentkit.specs.checks import (
    at,
    check_flags,
    check_http_url,
    check_optional_texts,
    check_words,
    put_field,
    read_items,
    read_json_object,
    read_word,
)
from agentkit.specs.expert import ExpertReferenceSpec, ExpertSpec
from agentkit.specs.mcp import McpServerSpec
from agentkit.specs.output import OutputSchemaSpec
from agentkit.specs.remote import AgentReferenceSpec, RemoteAgentSpec
from agentkit.specs.words import AgentType, Authorization, Clear, Visibility

if TYPE_CHECKING:
    from agentkit.models import JsonObject

T = TypeVar("T")

AnyExpert = ExpertSpec | ExpertReferenceSpec | AgentReferenceSpec | RemoteAgentSpec | OutputSchemaSpec | str
"""A custom expert, a registry expert (also by its name), another Corti agent, a remote A2A agent (also by its URL), or
an output schema."""

ConnectorSpec = McpServerSpec | ExpertReferenceSpec | AgentReferenceSpec | RemoteAgentSpec | OutputSchemaSpec
"""What one connector of v2 can be (V2-OBJ-04 to V2-OBJ-08)."""

_EXPERTS: Final = (ExpertSpec, ExpertReferenceSpec, AgentReferenceSpec, RemoteAgentSpec, OutputSchemaSpec, str)
_LABEL_KEY: Final = re.compile(r"[a-zA-Z0-9._/-]{1,128}")
_LABEL_VALUE: Final = 256
MOST_LABELS: Final = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentSpec:
    """An agent: an orchestrator with experts.

    Attributes:
        name: The agent's name; at most 128 characters in v2.
        description: What it is for; v1 needs one, v2 takes at most 4096 characters.
        prompt: The orchestrator's prompt; None takes the server's default.
        experts: Whom it may ask, see `AnyExpert`. A text is the name of a registry expert, or, as an http(s) URL, a
            `RemoteAgentSpec`.
        servers: MCP servers of the agent itself (V1-OBJ-01).
        agent_type: None takes the server's default; v1 only.
        ephemeral: Hidden from lists and deleted by the server in time (V1-AGENT-05). Off by default with both
            generations, though v2's own default is on (V2-MIG-01).
        model: Which model the agent runs on, for example `corti-default`; v2 only.
        visibility: Who sees it; v2 only.
        labels: Up to 64 keys with values, for finding the agent again; v2 only.

    Raises:
        SpecError: A field is wrong, or two experts or two MCP servers share a name.
    """

    name: str
    description: str = ""
    prompt: str | None = None
    experts: Sequence[AnyExpert] = ()
    servers: Sequence[McpServerSpec] = ()
    agent_type: AgentType | None = None
    ephemeral: bool = False
    model: str | None = None
    visibility: Visibility | None = None
    labels: Mapping[str, str] | None = field(default=None, hash=False)

    def __post_init__(self) -> None:
        """Check the fields."""
        check_words(self, "name")
        if self.description != "":
            check_words(self, "description")
        check_optional_texts(self, "prompt", "model")
        check_flags(self, "ephemeral")
        put_field(self, "experts", _experts(self))
        put_field(self, "servers", read_items(self, "servers", McpServerSpec))
        if self.agent_type is not None:
            put_field(self, "agent_type", read_word(self, "agent_type", AgentType))
        if self.visibility is not None:
            put_field(self, "visibility", read_word(self, "visibility", Visibility))
        if self.labels is not None:
            put_field(self, "labels", _labels(self, removable=False))
        _check_names("AgentSpec", self.experts, self.servers)


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentChanges:
    """What to change about an agent: None leaves a field as it is, `CLEAR` empties it, a sequence replaces the old one.

    v1 can empty experts and servers only (V1-AGENT-03). v2 keeps experts and servers in one list, so there both are
    given or none, and its prompt holds the sections made of inline experts, so a new prompt replaces those too.

    Attributes:
        name: Never empty.
        description: Never empty in v1.
        prompt: `CLEAR` goes back to the server's default (v2).
        experts: See `AgentSpec`.
        servers: See `AgentSpec`.
        ephemeral: The agent's lifecycle; v2 only.
        model: v2 only.
        visibility: v2 only.
        labels: Labels to set; one whose value is None is removed, `CLEAR` removes all (V2-EP-04). v2 only.

    Raises:
        SpecError: A field is wrong, or two experts or two MCP servers share a name.
    """

    name: str | None = None
    description: str | Clear | None = None
    prompt: str | Clear | None = None
    experts: Sequence[AnyExpert] | Clear | None = None
    servers: Sequence[McpServerSpec] | Clear | None = None
    ephemeral: bool | None = None
    model: str | Clear | None = None
    visibility: Visibility | None = None
    labels: Mapping[str, str | None] | Clear | None = field(default=None, hash=False)

    def __post_init__(self) -> None:
        """Check the fields."""
        for name in ("name", "description"):
            if _is_value(getattr(self, name), clears=name != "name"):
                check_words(self, name)
        check_optional_texts(self, *(name for name in ("prompt", "model") if _is_value(getattr(self, name))))
        if self.ephemeral is not None:
            check_flags(self, "ephemeral")
        if self.visibility is not None:
            put_field(self, "visibility", read_word(self, "visibility", Visibility))
        if _is_value(self.labels):
            put_field(self, "labels", _labels(self, removable=True))
        if _is_value(self.experts):
            put_field(self, "experts", _experts(self))
        if _is_value(self.servers):
            put_field(self, "servers", read_items(self, "servers", McpServerSpec))
        _check_names("AgentChanges", given(self.experts), given(self.servers))


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectorChanges:
    """What to change about one connector of v2 (V2-EP-17): None leaves a field as it is, `CLEAR` empties it.

    Corti answers 501 to this today; replace the agent's experts and servers in its place.

    Attributes:
        enabled: Whether the agent may use it.
        name: Never empty.
        url: Of an MCP server or a remote agent.
        config: Of a registry expert.
        authorization: `CLEAR` takes the whole authorization away; the three below go with a new one.
        scope: The OAuth scope to ask for.
        redirect_url: For user grants.
        auth_ref: The name of a secret stored at Corti.

    Raises:
        SpecError: A field is wrong, or scope, redirect URL or secret are given without an authorization.
    """

    enabled: bool | None = None
    name: str | None = None
    url: str | Clear | None = None
    config: JsonObject | Clear | None = field(default=None, hash=False)
    authorization: Authorization | Clear | None = None
    scope: str | None = None
    redirect_url: str | None = None
    auth_ref: str | None = None

    def __post_init__(self) -> None:
        """Check the fields."""
        if self.enabled is not None:
            check_flags(self, "enabled")
        if self.name is not None:
            check_words(self, "name")
        if _is_value(self.url):
            check_http_url(self, "url")
        if _is_value(self.config):
            put_field(self, "config", read_json_object(self, "config"))
        check_optional_texts(self, "scope", "redirect_url", "auth_ref")
        if _is_value(self.authorization):
            put_field(self, "authorization", read_word(self, "authorization", Authorization))
        elif any(value is not None for value in (self.scope, self.redirect_url, self.auth_ref)):
            raise SpecError(at(self, "authorization"), "is needed beside a scope, redirect URL or secret")


def given(items: Sequence[T] | Clear | None) -> Sequence[T]:
    """The items of a change; none when the field is left or emptied."""
    return () if items is None or isinstance(items, Clear) else items


def _is_value(value: object, *, clears: bool = True) -> bool:
    return value is not None and not (clears and isinstance(value, Clear))


def _experts(spec: AgentSpec | AgentChanges) -> tuple[AnyExpert, ...]:
    experts = read_items(spec, "experts", *_EXPERTS)
    return tuple(_expert(f"{at(spec, 'experts')}[{index}]", expert) for index, expert in enumerate(experts))


def _expert(place: str, expert: AnyExpert) -> AnyExpert:
    if not isinstance(expert, str) or not expert.lower().startswith(("http://", "https://")):
        return expert
    try:
        return RemoteAgentSpec(expert)
    except SpecError as error:
        message = error.message.removeprefix(f"{error.field}: ")
        raise SpecError(place, message, remedy=error.remedy) from None


def _labels(spec: AgentSpec | AgentChanges, *, removable: bool) -> dict[str, str | None]:
    """V2-OBJ-01."""
    place = at(spec, "labels")
    value: object = spec.labels
    if not isinstance(value, Mapping):
        raise SpecError(place, "must map keys to texts")
    labels = cast(Mapping[object, object], value)
    if len(labels) > MOST_LABELS:
        raise SpecError(place, f"may have at most {MOST_LABELS} entries")
    for key, label in labels.items():
        if not isinstance(key, str) or not _LABEL_KEY.fullmatch(key):
            raise SpecError(place, "has a key that is not 1 to 128 letters, digits and ._/-")
        if label is None and removable:
            continue
        if not isinstance(label, str) or len(label) > _LABEL_VALUE:
            raise SpecError(f"{place}.{key}", f"must be a text of at most {_LABEL_VALUE} characters")
    return cast("dict[str, str | None]", dict(labels))


def _check_names(root: str, experts: Sequence[AnyExpert], servers: Sequence[McpServerSpec]) -> None:
    """Names must be unique over the whole agent: credentials are bound to the server's, delegation to the expert's."""
    seen_experts: set[str] = set()
    seen_servers: set[str] = set()
    _check_servers(f"{root}.servers", servers, seen_servers)
    for index, expert in enumerate(experts):
        if not isinstance(expert, ExpertSpec | OutputSchemaSpec):
            continue
        if expert.name in seen_experts:
            raise SpecError(f"{root}.experts[{index}].name", f"another expert is called {expert.name!r}")
        seen_experts.add(expert.name)
        if isinstance(expert, ExpertSpec):
            _check_servers(f"{root}.experts[{index}].servers", expert.servers, seen_servers)


def _check_servers(path: str, servers: Sequence[McpServerSpec], seen: set[str]) -> None:
    for index, server in enumerate(servers):
        name = server.name.strip()
        if name in seen:
            raise SpecError(
                f"{path}[{index}].name",
                f"another MCP server is called {name!r}",
                remedy="Credentials are bound to the name, so it must be unique within the agent.",
            )
        seen.add(name)
