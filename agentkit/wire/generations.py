"""Which generation of the API can express a spec, and why the other cannot (V2-MIG-01): the one list of differences."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

from agentkit.errors import SpecError, UnsupportedByGeneration
from agentkit.specs import (
    CLEAR,
    AgentChanges,
    AgentReferenceSpec,
    AgentSpec,
    AnyExpert,
    Authorization,
    Clear,
    ConnectorSpec,
    ExpertReferenceSpec,
    ExpertSpec,
    McpServerSpec,
    OutputSchemaSpec,
    RemoteAgentSpec,
    Transport,
)
from agentkit.specs.agent import given

GenerationName = Literal["v1", "v2"]
"""A generation of Corti's agents API: `v1` (`/agents`, A2A 0.3) or `v2` (`/agentic`, A2A 1.0)."""

GENERATIONS: Final[tuple[GenerationName, ...]] = ("v1", "v2")

_V2_AGENT: Final = "agt."


@dataclass(frozen=True, slots=True)
class _Use:
    """Something a spec uses that one generation alone can do."""

    field: str
    feature: str
    able: GenerationName
    remedy: str | None = None


def supported_generations(
    spec: AgentSpec | AgentChanges,
) -> dict[GenerationName, tuple[UnsupportedByGeneration, ...]]:
    """For each generation what it cannot do of a spec; nothing where it can express the whole.

    Limits of length (V2-OBJ-01) are not counted: they are checked when the spec is encoded.
    """
    uses = tuple(_uses(spec))
    return {
        generation: tuple(_error(use, generation) for use in uses if use.able != generation)
        for generation in GENERATIONS
    }


def require_generation(spec: AgentSpec | AgentChanges | ConnectorSpec, generation: GenerationName) -> None:
    """Refuse what a generation cannot express.

    Raises:
        UnsupportedByGeneration: It cannot; the error names the first field at fault.
    """
    for use in _uses(spec):
        if use.able != generation:
            raise _error(use, generation)


def check_kind(spec: object, *kinds: type) -> None:
    """Refuse what is no spec of these kinds: an `AgentSpec` in place of changes would empty all that it leaves out.

    Raises:
        SpecError: It is something else.
    """
    if not isinstance(spec, kinds):
        raise SpecError("spec", f"must be of the type {' or '.join(kind.__name__ for kind in kinds)}")


def needs_prompt(expert: AnyExpert) -> bool:
    """Whether an expert lives on in v2 only as a section of the agent's prompt: without servers it would be gone."""
    return isinstance(expert, ExpertSpec) and bool(expert.prompt or not expert.servers)


def _error(use: _Use, generation: GenerationName) -> UnsupportedByGeneration:
    return UnsupportedByGeneration(use.feature, generation, (use.able,), field=use.field, remedy=use.remedy)


def _uses(spec: AgentSpec | AgentChanges | ConnectorSpec) -> Iterator[_Use]:
    match spec:
        case AgentSpec():
            yield from _spec(spec)
        case AgentChanges():
            yield from _changes(spec)
        case McpServerSpec():
            yield from _server("McpServerSpec", spec)
        case _:
            yield from _expert(type(spec).__name__, spec)


def _spec(spec: AgentSpec) -> Iterator[_Use]:
    at = "AgentSpec"
    if not spec.description:
        yield _Use(f"{at}.description", "an agent without a description", "v2", "Write one: v1 needs it.")
    if spec.agent_type is not None:
        yield _Use(f"{at}.agent_type", "an agent type", "v1")
    yield from _management(at, spec)
    for index, server in enumerate(spec.servers):
        yield from _server(f"{at}.servers[{index}]", server)
    for index, expert in enumerate(spec.experts):
        yield from _expert(f"{at}.experts[{index}]", expert)


def _changes(changes: AgentChanges) -> Iterator[_Use]:
    at = "AgentChanges"
    if changes.description is CLEAR:
        yield _Use(f"{at}.description", "an agent without a description", "v2")
    if changes.prompt is CLEAR:
        yield _Use(f"{at}.prompt", "going back to the default prompt", "v2")
    if changes.ephemeral is not None:
        yield _Use(f"{at}.ephemeral", "a change of the lifecycle", "v2")
    yield from _management(at, changes)
    for index, server in enumerate(given(changes.servers)):
        yield from _server(f"{at}.servers[{index}]", server)
    for index, expert in enumerate(given(changes.experts)):
        yield from _expert(f"{at}.experts[{index}]", expert)
    if (changes.experts is None) is not (changes.servers is None):
        missing = "servers" if changes.servers is None else "experts"
        remedy = f"v2 keeps both in one list: give {missing} too, be it CLEAR."
        yield _Use(f"{at}.{missing}", "a change of experts or servers alone", "v1", remedy)
    if changes.prompt is None and any(needs_prompt(expert) for expert in given(changes.experts)):
        remedy = "v2 keeps the prompts of inline experts in the agent's prompt: give prompt too."
        yield _Use(f"{at}.prompt", "a change of inline experts' prompts alone", "v1", remedy)


def _management(at: str, spec: AgentSpec | AgentChanges) -> Iterator[_Use]:
    if spec.model is not None:
        yield _Use(f"{at}.model", "the choice of a model", "v2")
    if spec.visibility is not None:
        yield _Use(f"{at}.visibility", "a visibility", "v2")
    if spec.labels or isinstance(spec.labels, Clear):
        yield _Use(f"{at}.labels", "labels", "v2")


def _expert(at: str, expert: AnyExpert) -> Iterator[_Use]:
    match expert:
        case str():
            return
        case ExpertSpec():
            for index, server in enumerate(expert.servers):
                yield from _server(f"{at}.servers[{index}]", server)
            return
        case RemoteAgentSpec():
            yield _Use(at, "a remote A2A agent", "v2")
        case OutputSchemaSpec():
            yield _Use(at, "an output schema", "v2")
        case ExpertReferenceSpec() | AgentReferenceSpec():
            if isinstance(expert, AgentReferenceSpec) and expert.id.startswith(_V2_AGENT):
                yield _Use(f"{at}.id", "an agent of v2 as an expert", "v2")
            if expert.prompt is not None:
                yield _Use(f"{at}.prompt", "a prompt on a reference", "v1")
            if not expert.enabled:
                yield _Use(f"{at}.enabled", "a reference that is not enabled", "v2")


def _server(at: str, server: McpServerSpec) -> Iterator[_Use]:
    if server.transport is not Transport.STREAMABLE_HTTP:
        yield _Use(f"{at}.transport", f"the MCP transport {server.transport.value}", "v1")
    if server.token is not None:
        yield _Use(f"{at}.token", "a static token", "v1")
    if server.authorization is Authorization.API_KEY:
        yield _Use(f"{at}.authorization", "the authorization apiKey", "v2")
    if server.auth_ref is not None:
        yield _Use(f"{at}.auth_ref", "a secret stored at the server", "v2")
    if not server.enabled:
        yield _Use(f"{at}.enabled", "an MCP server that is not enabled", "v2")
