"""Experts in an agent of v1: objects of their own, with ids (V1-OBJ-08)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from agentkit.errors import SpecError
from agentkit.experts.deployment.diff import changed_facts, facts_of_v1, summary, text_change, wanted_of_v1
from agentkit.experts.deployment.plan import Action, Draft, ExpertChange, FieldChange
from agentkit.models import AgentInfo, ExpertInfo, ExpertReference, McpServerInfo

if TYPE_CHECKING:
    from agentkit.specs import ExpertSpec, McpServerSpec

ExpertEntry = ExpertInfo | ExpertReference

_UNIQUE: Final = "Credentials are bound to the name, so register it under another one: server_name= (--server-name)."


def draft(
    info: AgentInfo,
    specs: Sequence[ExpertSpec],
    removals: Sequence[str],
    registered: Mapping[str, Sequence[str]],
) -> Draft:
    """Work out what an agent becomes.

    Args:
        info: The agent as it is.
        specs: The experts that it shall have.
        removals: Names of those that it shall not have.
        registered: The names of the MCP servers of registry experts, by the name of the expert.

    Raises:
        SpecError: The agent has another expert of the name of one, or another server of the name of one of its
            servers; several experts share a name; or one that shall go is not there.
    """
    work = _Draft(list(info.experts), registered, {*(spec.name for spec in specs), *removals})
    for name in removals:
        work.remove(name)
    taken = dict(work.taken(info))
    for spec in specs:
        work.deploy(spec, taken)
    kept = tuple(expert.name or expert.id or "?" for expert in work.experts if expert.name not in work.asked)
    servers = tuple(f"MCP server {server.name}" for server in info.mcp_servers)
    experts = tuple(work.experts)
    after = info if experts == info.experts else info.model_copy(update={"experts": experts})
    return Draft(after, tuple(work.changes), (*kept, *servers), tuple(work.warnings))


@dataclass(slots=True)
class _Draft:
    experts: list[ExpertEntry]
    registered: Mapping[str, Sequence[str]]
    asked: set[str]
    changes: list[ExpertChange] = field(default_factory=list[ExpertChange])
    warnings: list[str] = field(default_factory=list[str])

    def taken(self, info: AgentInfo) -> Iterator[tuple[str, str]]:
        """The server names of everybody else, with whose they are."""
        for server in info.mcp_servers:
            yield server.name.strip(), "the agent itself"
        for expert in self.experts:
            if expert.name in self.asked and isinstance(expert, ExpertInfo):
                continue
            names = (
                [server.name for server in expert.mcp_servers]
                if isinstance(expert, ExpertInfo)
                else self.registered.get(expert.name or "", ())
            )
            for name in names:
                yield name.strip(), f"the expert {expert.name or expert.id!r}"

    def remove(self, name: str) -> None:
        index = self.find(name)
        if index is None:
            known = ", ".join(expert.name or expert.id or "?" for expert in self.experts) or "none"
            raise SpecError(name, "is no expert of the agent", remedy=f"It has: {known}.")
        gone = self.experts.pop(index)
        fields = tuple(_all(gone)) if isinstance(gone, ExpertInfo) else ()
        self.changes.append(ExpertChange(name, Action.REMOVE, fields))

    def deploy(self, spec: ExpertSpec, taken: Mapping[str, str]) -> None:
        for server in spec.servers:
            owner = taken.get(server.name.strip())
            if owner is not None:
                problem = f"{owner} has an MCP server {server.name.strip()!r} already"
                raise SpecError(f"{spec.name}.servers", problem, remedy=_UNIQUE)
        index = self.find(spec.name)
        if index is None:
            new = _changed(spec, ExpertInfo(id="", name=spec.name, description=spec.description))
            self.experts.append(new)
            fields = tuple(FieldChange(one.field, None, one.old) for one in _all(new))
            self.changes.append(ExpertChange(spec.name, Action.CREATE, fields))
            return
        old = self.experts[index]
        if isinstance(old, ExpertReference):
            problem = f"the agent has an expert of the registry, or another agent, of this name ({old.id})"
            remedy = "Remove that one first, or give yours another name."
            raise SpecError(spec.name, problem, remedy=remedy)
        fields = tuple(self.differences(spec, old))
        if fields:
            self.experts[index] = _changed(spec, old)
        self.changes.append(ExpertChange(spec.name, Action.UPDATE if fields else Action.UNCHANGED, fields))

    def find(self, name: str) -> int | None:
        places = [index for index, expert in enumerate(self.experts) if expert.name == name]
        if len(places) > 1:
            ids = ", ".join(self.experts[index].id or "?" for index in places)
            raise SpecError(
                name, f"is the name of {len(places)} experts of the agent ({ids})", remedy="Make their names unique."
            )
        return places[0] if places else None

    def differences(self, spec: ExpertSpec, old: ExpertInfo) -> Iterator[FieldChange]:
        yield from text_change("description", old.description, spec.description)
        if spec.prompt is not None:  # None leaves it to the server
            yield from text_change("prompt", old.system_prompt, spec.prompt)
        servers = {server.name.strip(): server for server in old.mcp_servers}
        for wanted in spec.servers:
            name = wanted.name.strip()
            server = servers.pop(name, None)
            new = wanted_of_v1(wanted)
            if server is None:
                yield FieldChange(f"servers.{name}", None, summary(new))
                continue
            now = facts_of_v1(server)
            if now["description"] is None and new["description"] is not None:
                self.warnings.append(
                    f"v1 does not show the description of the MCP server {name!r}, so it is not compared (V1-OBJ-10)."
                )
            if now["description"] is None or new["description"] is None:
                new = {**new, "description": now["description"]}
            yield from changed_facts(name, now, new)
        for name, server in servers.items():
            yield FieldChange(f"servers.{name}", summary(facts_of_v1(server)), None)


def _changed(spec: ExpertSpec, old: ExpertInfo) -> ExpertInfo:
    servers = {server.name.strip(): server for server in old.mcp_servers}
    return old.model_copy(
        update={
            "description": spec.description,
            "system_prompt": old.system_prompt if spec.prompt is None else spec.prompt,
            "mcp_servers": tuple(_server(server, servers.get(server.name.strip())) for server in spec.servers),
        }
    )


def _server(spec: McpServerSpec, old: McpServerInfo | None) -> McpServerInfo:
    """The server with what a spec says; it keeps its id and what nobody knows of it."""
    said = {
        "name": spec.name.strip(),
        "transport_type": spec.transport.value,
        "authorization_type": spec.authorization.value,
        "url": spec.url,
        "authorization_scope": spec.scope or None,
        "redirect_url": spec.redirect_url or None,
        "description": spec.description or (old.description if old else None),
    }
    return McpServerInfo.model_validate({"id": "", **said}) if old is None else old.model_copy(update=said)


def _all(expert: ExpertInfo) -> Iterator[FieldChange]:
    """All that an expert has, as if it went."""
    yield FieldChange("description", expert.description or None, None)
    if expert.system_prompt:
        yield FieldChange("prompt", expert.system_prompt, None)
    for server in expert.mcp_servers:
        yield FieldChange(f"servers.{server.name.strip()}", summary(facts_of_v1(server)), None)
