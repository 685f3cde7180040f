"""Experts in an agent of v2: their MCP servers are connectors of the agent, their prompts sections of its own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from agentkit.errors import SpecError
from agentkit.experts.deployment.diff import changed_facts, facts_of_v2, summary, wanted_of_v2
from agentkit.experts.deployment.plan import Action, Draft, ExpertChange, FieldChange
from agentkit.experts.deployment.sections import (
    Section,
    check_texts,
    find_sections,
    section_of,
    with_section,
    without_section,
)
from agentkit.models import AgentInfo, ConnectorInfo
from agentkit.wire.generations import needs_prompt
from agentkit.wire.v2 import auth_of

if TYPE_CHECKING:
    from agentkit.specs import ExpertSpec, McpServerSpec

SECTION: Final = "section"
_TYPES: Final = frozenset({"registry", "mcp", "agent", "a2a", "schema"})
_UNIQUE: Final = "Credentials are bound to the name, so register it under another one: server_name= (--server-name)."


def draft(info: AgentInfo, specs: Sequence[ExpertSpec], removals: Sequence[str]) -> Draft:
    """Work out what an agent becomes.

    Args:
        info: The agent as it is.
        specs: The experts that it shall have.
        removals: Names of those that it shall not have.

    Raises:
        SpecError: A text cannot be told from the sections of experts; several sections or servers share a name; another
            expert uses a server of the name of one; one that shall go is not there; or a connector cannot be sent back.
    """
    wanted = {server.name.strip() for spec in specs for server in spec.servers}
    asked = {*(spec.name for spec in specs), *removals}
    work = _Draft(info.system_prompt, list(info.connectors), _named(info.system_prompt), wanted, asked)
    for name in removals:
        work.remove(name)
    for spec in specs:
        check_texts(spec)
    has_prompt = bool(work.prompt) or any(needs_prompt(spec) for spec in specs)
    for spec in specs:
        work.deploy(spec, has_prompt=has_prompt)
    if has_prompt and not info.system_prompt:
        work.warnings.append(
            "Without a system prompt of its own the agent works by Corti's. What v2 keeps of its experts becomes its "
            "system prompt, which takes the place of Corti's."
        )
    connectors = tuple(work.connectors)
    changed: dict[str, object] = {}
    if work.prompt != info.system_prompt:
        changed["system_prompt"] = work.prompt
    if connectors != info.connectors:
        changed["connectors"] = connectors
        work.warnings += _lossy(info.connectors, connectors)
    after = info.model_copy(update=changed) if changed else info
    return Draft(after, tuple(work.changes), tuple(work.kept(info)), tuple(work.warnings))


@dataclass(slots=True)
class _Draft:
    prompt: str
    connectors: list[ConnectorInfo]
    named: set[str]
    wanted: set[str]
    asked: set[str]
    changes: list[ExpertChange] = field(default_factory=list[ExpertChange])
    warnings: list[str] = field(default_factory=list[str])

    def remove(self, name: str) -> None:
        section = section_of(self.prompt, name)
        fields: list[FieldChange] = []
        if section is not None:
            fields.append(FieldChange(SECTION, self.prompt[section.start : section.end], None))
            fields += self.drop(section.tools, name)
            self.check_end(section)
            self.prompt = without_section(self.prompt, section)
        else:
            registered = [one for one in self.connectors if one.type == "registry" and one.name == name]
            if not registered:
                known = ", ".join(one.name for one in find_sections(self.prompt)) or "none"
                remedy = (
                    f"It has: {known}. An expert without a section is nothing but its MCP servers, which are removed "
                    "as connectors: agent.connectors.delete(id)."
                )
                raise SpecError(name, "has no section in the agent's system prompt", remedy=remedy)
            self.connectors = [one for one in self.connectors if one not in registered]
        self.changes.append(ExpertChange(name, Action.REMOVE, tuple(fields)))

    def deploy(self, spec: ExpertSpec, *, has_prompt: bool) -> None:
        section = section_of(self.prompt, spec.name)
        self.check_owners(spec)
        is_new = section is None
        fields: list[FieldChange] = []
        old = self.prompt
        if has_prompt:
            self.prompt = with_section(old, spec)
        if self.prompt != old:
            now = section_of(self.prompt, spec.name)
            if section is not None:
                self.check_end(section)
            fields.append(FieldChange(SECTION, _text(old, section), _text(self.prompt, now)))
        for server in spec.servers:
            index = self.find(server.name.strip())
            is_new = is_new and (index is None or has_prompt)
            fields += self.put(server, index)
            if index is not None and has_prompt and server.name.strip() not in self.named:
                self.warnings.append(
                    f"The agent's MCP server {server.name.strip()!r}, which no expert names, becomes that of "
                    f"{spec.name!r}."
                )
            if server.description and _described(server.name.strip()) not in self.prompt:
                self.warnings.append(
                    f"v2 has no field for the description of an MCP server: that of {server.name.strip()!r} is left "
                    "out."
                )
        wanted = {server.name.strip() for server in spec.servers}
        fields += self.drop([name for name in (section.tools if section else ()) if name not in wanted], spec.name)
        action = Action.CREATE if is_new else Action.UPDATE
        self.changes.append(ExpertChange(spec.name, action if fields else Action.UNCHANGED, tuple(fields)))

    def check_end(self, section: Section) -> None:
        """Warn where text that a person wrote behind a section would go with it."""
        if not section.tools:
            self.warnings.append(
                f"The section of {section.name!r} has no line of tools at its end, so it reaches to the next heading "
                "of an expert or to the end of the prompt: look at what goes with it."
            )

    def check_owners(self, spec: ExpertSpec) -> None:
        """Refuse a server that another expert uses, and goes on using; its credentials would go to both."""
        others = [one for one in find_sections(self.prompt) if one.name not in self.asked]
        for server in spec.servers:
            name = server.name.strip()
            owner = next((one.name for one in others if name in one.tools), None)
            if owner is not None:
                problem = f"the expert {owner!r} has an MCP server {name!r} already"
                raise SpecError(f"{spec.name}.servers", problem, remedy=_UNIQUE)

    def find(self, server: str) -> int | None:
        places = [
            index
            for index, one in enumerate(self.connectors)
            if one.type == "mcp" and (one.name or "").strip() == server
        ]
        if len(places) > 1:
            ids = ", ".join(self.connectors[index].id or "?" for index in places)
            problem = f"is the name of {len(places)} MCP servers of the agent ({ids})"
            raise SpecError(server, problem, remedy="Credentials are bound to the name: leave one of them.")
        return places[0] if places else None

    def put(self, server: McpServerSpec, index: int | None) -> tuple[FieldChange, ...]:
        name, new = server.name.strip(), wanted_of_v2(server)
        if index is None:
            self.connectors.append(_connector(server))
            return (FieldChange(f"servers.{name}", None, summary(new)),)
        old = self.connectors[index]
        now = facts_of_v2(old)
        if "enabled" not in old.model_fields_set:
            if not server.enabled:
                self.warnings.append(
                    f"v2 does not show whether the MCP server {name!r} is enabled, so it is not compared (V2-OBJ-09)."
                )
            new = {**new, "enabled": now["enabled"]}
        fields = changed_facts(name, now, new)
        if fields:
            self.connectors[index] = old.model_copy(update=_said(server, old))
        return fields

    def drop(self, servers: Sequence[str], expert: str) -> Iterator[FieldChange]:
        """Take servers away that no other expert uses, or is to use."""
        others = {name for one in find_sections(self.prompt) if one.name != expert for name in one.tools}
        for name in servers:
            index = self.find(name)
            if index is not None and name not in others | self.wanted:
                if _described(name) in self.prompt:
                    self.warnings.append(f"The paragraph {_described(name)!r} stays in the agent's system prompt.")
                yield FieldChange(f"servers.{name}", summary(facts_of_v2(self.connectors.pop(index))), None)

    def kept(self, info: AgentInfo) -> Iterator[str]:
        sections = [one for one in find_sections(self.prompt) if one.name not in self.asked]
        yield from (one.name for one in sections)
        inside = {name for one in sections for name in one.tools} | self.wanted
        for one in self.connectors:
            if one in info.connectors and not (one.type == "mcp" and (one.name or "").strip() in inside):
                yield f"{one.type or 'connector'} {one.name or one.agent_id or one.id or '?'}"


def _named(prompt: str) -> set[str]:
    """The servers that the sections of a prompt name."""
    return {name for section in find_sections(prompt) for name in section.tools}


def _text(prompt: str, section: Section | None) -> str | None:
    return None if section is None else prompt[section.start : section.end]


def _described(server: str) -> str:
    """How the prompt of an agent begins what it says of a server (`agentkit.wire.v2`)."""
    return f"## Tools of {server}"


def _connector(server: McpServerSpec) -> ConnectorInfo:
    off = {} if server.enabled else {"enabled": False}
    auth = auth_of(server)
    return ConnectorInfo.model_validate(
        {"type": "mcp", "name": server.name.strip(), "url": server.url, "auth": auth, **off}
    )


def _said(server: McpServerSpec, old: ConnectorInfo) -> dict[str, object]:
    shown = not server.enabled or "enabled" in old.model_fields_set
    return {"url": server.url, "auth": auth_of(server), **({"enabled": server.enabled} if shown else {})}


def _lossy(before: Sequence[ConnectorInfo], after: Sequence[ConnectorInfo]) -> Iterator[str]:
    """What is not the same when connectors that stay are sent again, as one list (V2-EP-04).

    Raises:
        SpecError: One is of a type that nobody here knows; without its fields it would be another.
    """
    staying = [one for one in after if one in before]
    for one in staying:
        name = one.name or one.agent_id or one.id or "?"
        if one.type not in _TYPES:
            raise SpecError(
                f"connectors.{name}",
                f"is of the type {one.type!r}, which this version of agentkit cannot send back",
                remedy="Update corti-agentkit, or change the agent where that connector was made.",
            )
        unknown = [*one.unknown_fields, *(f"auth.{key}" for key in (one.auth.unknown_fields if one.auth else ()))]
        if unknown:
            yield (
                f"The connector {name!r} shows {', '.join(unknown)}, which v2 lets nobody write: check it afterwards "
                "if that is a setting."
            )
    unsaid = [one.name or one.agent_id or one.id or "?" for one in staying if "enabled" not in one.model_fields_set]
    if unsaid:
        yield (
            f"v2 does not show whether a connector is enabled (V2-OBJ-09): {', '.join(unsaid)} would be enabled again "
            "if switched off."
        )
