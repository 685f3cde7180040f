"""Other agents as experts: of Corti, and anywhere over A2A."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass

from agentkit.specs.checks import (
    check_flags,
    check_http_url,
    check_optional_texts,
    check_optional_words,
    check_words,
    put_field,
)


@dataclass(frozen=True, slots=True)
class AgentReferenceSpec:
    """Another Corti agent used as an expert: a reference of v1 (V1-AGENT-06), a connector `agent` of v2 (V2-OBJ-06).

    Attributes:
        id: The agent's id as its generation writes it: a bare UUID in v1, `agt.<uuid>` in v2, which takes a bare one
            too (V2-ID-01). A prefixed one becomes an `AgentId` and can be asked by agents of v2 only.
        prompt: Appended to that agent's prompt; v1 only.
        enabled: False keeps the agent configured and unused (V2-OBJ-09), v2 only.

    Raises:
        SpecError: A field is wrong; the error names it.
    """

    id: str
    _: KW_ONLY
    prompt: str | None = None
    enabled: bool = True

    def __post_init__(self) -> None:
        """Check the fields."""
        from agentkit.models.ids import AgentId  # here, because models need pydantic and a plain spec does not

        check_words(self, "id")
        identifier = AgentId(self.id, field="AgentReferenceSpec.id")
        put_field(self, "id", identifier if self.id.startswith(AgentId.PREFIX) else identifier.bare)
        check_optional_texts(self, "prompt")
        check_flags(self, "enabled")


@dataclass(frozen=True, slots=True)
class RemoteAgentSpec:
    """An agent anywhere that speaks A2A, used as an expert: a connector `a2a` of v2 (V2-OBJ-07).

    Corti forwards the caller's bearer to it.

    Attributes:
        url: Its endpoint or its card.
        name: What the orchestrator calls it.
        description: What it is good for. v2 has no field for it: there it joins the system prompt, if there is one.
        enabled: False keeps the agent configured and unused (V2-OBJ-09).

    Raises:
        SpecError: A field is wrong; the error names it.
    """

    url: str
    name: str | None = None
    _: KW_ONLY
    description: str | None = None
    enabled: bool = True

    def __post_init__(self) -> None:
        """Check the fields."""
        check_http_url(self, "url")
        check_optional_words(self, "name")
        check_optional_texts(self, "description")
        check_flags(self, "enabled")
