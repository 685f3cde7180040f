"""What an agent of v1 becomes in v2, and what is lost on the way (V2-MIG-01). Nothing here calls the API."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, cast

from agentkit.errors import SpecError
from agentkit.models import AgentId, AgentInfo, ExpertInfo, ExpertReference
from agentkit.specs import (
    AgentReferenceSpec,
    AgentSpec,
    AnyExpert,
    Authorization,
    ExpertReferenceSpec,
    ExpertSpec,
    McpServerSpec,
    Transport,
)

if TYPE_CHECKING:
    from agentkit.models import McpServerInfo
    from agentkit.models.base import Model

_NAME: Final = 128
_DESCRIPTION: Final = 4096
_AUTHORIZATIONS: Final = {
    "none": Authorization.NONE,
    "bearer": Authorization.BEARER,
    "inherit": Authorization.INHERIT,
    "oauth2.0": Authorization.OAUTH2,
    "oauth2.1": Authorization.OAUTH2,  # an old answer enum (CON-06)
}


@dataclass(frozen=True, slots=True)
class Loss:
    """Something that is not the same afterwards.

    Attributes:
        what: What is lost or changed, and where.
        why: What v2 does in its place.
        remedy: What to do about it.
    """

    what: str
    why: str
    remedy: str


@dataclass(frozen=True, slots=True)
class MigrationPlan:
    """The agent of v2 that an agent of v1 becomes.

    Attributes:
        spec: Ready to be created with v2.
        losses: What is lost of this agent, in the order of its fields, then what changes for every agent.
    """

    spec: AgentSpec
    losses: tuple[Loss, ...]


def plan_migration(
    info: AgentInfo,
    *,
    migrated: Mapping[str, str] | None = None,
    registry: Collection[str] | None = None,
    ephemeral: bool = False,
) -> MigrationPlan:
    """Plan the way of an agent from v1 to v2.

    Args:
        info: The agent as v1 shows it.
        migrated: For agents that it asks and that have been migrated: their id in v1 and the one in v2.
        registry: What v2's registry offers, by id. A reference to something else is another agent then; when it is not
            said, every reference with a name is taken for a registry expert.
        ephemeral: Make the new agent ephemeral; v1 does not show whether the old one is.

    Raises:
        SpecError: The agent is one of v2 already, or it is no `AgentInfo`.
    """
    if not isinstance(cast("object", info), AgentInfo):
        raise SpecError("info", "must be an AgentInfo", remedy="An agent made or got at Corti has it as agent.info.")
    if info.lifecycle is not None or info.connectors:
        raise SpecError("info", "is an agent of v2 already", remedy="Pass an agent read with generation v1.")
    plan = _Plan(migrated or {}, registry)
    name, description = plan.text("name", info.name, _NAME), plan.text("description", info.description, _DESCRIPTION)
    servers = plan.servers("the agent", info.mcp_servers)
    experts = tuple(plan.experts(info.experts))
    plan.unknown("the agent", info)
    spec = AgentSpec(
        name=next((word for word in (name, info.id[:_NAME]) if word.strip()), "agent"),
        description=description if description.strip() else "",
        prompt=info.system_prompt or None,
        experts=experts,
        servers=servers,
        ephemeral=ephemeral,
    )
    return MigrationPlan(spec, (*plan.losses, *_GENERAL))


@dataclass(slots=True)
class _Plan:
    """What has been lost so far, and which names are taken."""

    migrated: Mapping[str, str]
    registry: Collection[str] | None
    losses: list[Loss] = field(default_factory=list[Loss])
    server_names: set[str] = field(default_factory=set[str])
    expert_names: set[str] = field(default_factory=set[str])

    def lose(self, what: str, why: str, remedy: str) -> None:
        self.losses.append(Loss(what, why, remedy))

    def unknown(self, what: str, shown: Model) -> None:
        if shown.unknown_fields:
            names = ", ".join(repr(name) for name in shown.unknown_fields)
            self.lose(
                f"What v1 shows of {what} as {names}",
                "agentkit does not know it, and v2 has no field for it.",
                "See whether the new agent needs something in its place.",
            )

    def text(self, what: str, text: str, longest: int) -> str:
        if len(text) <= longest:
            return text
        self.lose(f"The end of the {what}", f"v2 takes at most {longest} characters.", f"Shorten the {what} yourself.")
        return text[:longest]

    def experts(self, experts: Iterable[ExpertInfo | ExpertReference]) -> Iterable[AnyExpert]:
        for expert in experts:
            made = self.inline(expert) if isinstance(expert, ExpertInfo) else self.reference(expert)
            if made is not None:
                yield made

    def inline(self, expert: ExpertInfo) -> ExpertSpec | None:
        name = expert.name if expert.name.strip() else expert.id
        if not name.strip() or name in self.expert_names:
            self.lose(
                f"The expert {expert.id}",
                "It has no name, or that of another expert.",
                "Name it and add it to the new agent.",
            )
            return None
        self.expert_names.add(name)
        self.lose(
            f"The expert {name!r} as an agent of its own",
            "v2 has no inline experts: its MCP servers become connectors of the agent, which then calls their tools "
            "itself and sees everything they answer; its prompt becomes a section of the agent's system prompt.",
            "To keep it apart, create it as an agent and attach it with AgentReferenceSpec.",
        )
        self.unknown(f"the expert {name!r}", expert)
        return ExpertSpec(
            name=name,
            description=expert.description if expert.description.strip() else name,
            prompt=expert.system_prompt or None,
            servers=self.servers(f"the expert {name!r}", expert.mcp_servers),
        )

    def reference(self, reference: ExpertReference) -> ExpertReferenceSpec | AgentReferenceSpec | None:
        name = (reference.name or "").strip()
        shown = repr(name or reference.id or "without name")
        new_id = self.migrated.get(reference.id or "")
        on_offer = bool(name) and (self.registry is None or name in self.registry)
        if new_id is None and not on_offer:
            self.lose(
                f"The reference {shown}",
                "It leads to an agent of v1, which v2 cannot ask, or to an expert that v2's registry does not offer.",
                f"Migrate that agent first, and name its id in v1, {reference.id}, and the new one in this plan "
                "(--migrated OLD=NEW).",
            )
            return None
        if reference.system_prompt:
            self.lose(
                f"The prompt on the reference {shown}",
                "v2 takes no prompt on a reference.",
                "Put it into the system prompt of the agent, or of the agent it leads to.",
            )
        if new_id is not None:
            return AgentReferenceSpec(AgentId(new_id, field="migrated"))
        if reference.resolved_config:
            self.lose(
                f"Perhaps the configuration of {shown}",
                "v2 accepts it and drops it today (V2-OBJ-04).",
                "Check the answers of the new agent.",
            )
        self.unknown(f"the reference {shown}", reference)
        try:
            return ExpertReferenceSpec(name=name, config=reference.resolved_config)
        except SpecError:
            self.lose(f"The configuration of {shown}", "It is nested too deep to be sent.", "Configure it anew.")
            return ExpertReferenceSpec(name=name)

    def servers(self, owner: str, servers: Iterable[McpServerInfo]) -> tuple[McpServerSpec, ...]:
        made = (self.server(f"the MCP server {server.name!r} of {owner}", server) for server in servers)
        return tuple(server for server in made if server is not None)

    def server(self, what: str, server: McpServerInfo) -> McpServerSpec | None:
        what = what[0].upper() + what[1:]
        if server.transport_type != Transport.STREAMABLE_HTTP:
            self.lose(
                what,
                "It is not reached over streamable HTTP, and v2 knows no other transport.",
                "Serve it over streamable HTTP and add it to the new agent.",
            )
            return None
        authorization = _AUTHORIZATIONS.get(server.authorization_type)
        if authorization is None:
            self.lose(what, "Its authorization is unknown to v2.", "Add it to the new agent with one that v2 knows.")
            return None
        try:
            made = McpServerSpec(
                name=server.name,
                url=server.url or "",
                authorization=authorization,
                scope=server.authorization_scope,
                redirect_url=server.redirect_url,
                description=server.description,
            )
        except SpecError as error:
            self.lose(what, f"It cannot be registered: {error.message}.", "Add it to the new agent yourself.")
            return None
        if made.name.strip() in self.server_names:
            self.lose(what, "Another server has its name.", "Add it to the new agent under another name.")
            return None
        self.server_names.add(made.name.strip())
        self.unknown(what[0].lower() + what[1:], server)
        self.credential(what, authorization)
        return made

    def credential(self, what: str, authorization: Authorization) -> None:
        if authorization is Authorization.OAUTH2:
            self.lose(
                f"{what}: client credentials sent with messages",
                "Its authorization is called oauth2 in v2, which does not say how a caller gives credentials "
                "(V2-AUTH-01).",
                "Store the secret at Corti and name it as auth_ref; agentkit's local platform takes credentials as "
                "before.",
            )
        elif authorization is Authorization.BEARER:
            self.lose(
                f"{what}: tokens sent with messages, and a static token if it has one",
                "v2 does not say how a caller gives a bearer (V2-AUTH-01), has no static tokens, and v1 never shows "
                "one.",
                "Store the secret at Corti and name it as auth_ref; agentkit's local platform takes credentials as "
                "before. Never put a token into the URL.",
            )


_GENERAL: Final = (
    Loss(
        "The default prompt",
        "v1 shows its own default where the author wrote none; as the new agent's prompt it replaces v2's default.",
        "If you wrote none, make the agent without it: replace(plan.spec, prompt=None) with dataclasses.replace.",
    ),
    Loss(
        "The agent type",
        "v2 has none, and v1 does not show it.",
        "If this is an interviewing expert, keep it in v1, or attach the registry's interviewing expert.",
    ),
    Loss(
        "The agent's id",
        "The new agent gets an id of its own, in the form agt.<uuid>.",
        "Replace the old id wherever it is kept.",
    ),
    Loss(
        "Contexts, tasks and memory",
        "They stay with the old agent; ids of contexts and tasks are prefixed in v2.",
        "Let running conversations end in v1, or start them anew with what they need.",
    ),
    Loss(
        "The lifecycle",
        "v1 does not show whether an agent is ephemeral, and v2's own default is ephemeral.",
        "The plan says it explicitly; choose with ephemeral=, or --ephemeral on the command line.",
    ),
    Loss(
        "Push notifications",
        "v2 takes no push configuration with a message (V2-OBJ-13).",
        "Stream, subscribe to the task, or poll it.",
    ),
)
