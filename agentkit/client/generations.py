"""Which generation of the agents API answers what."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agentkit.client.generation_v1 import V1
from agentkit.client.generation_v2 import V2
from agentkit.errors import UnsupportedByGeneration
from agentkit.wire.generations import supported_generations

if TYPE_CHECKING:
    from agentkit.client.generation import AgentQuery, Binding, Generation, GenerationChoice
    from agentkit.specs import AgentSpec

_PREFIX = "agt."


class Generations:
    """The choice between v1 and v2.

    With `auto`, an agent's id tells its generation: v2 gives prefixed ids (`agt.<uuid>`), v1 bare ones. A new agent is
    made with v1, the documented generation, the only one that says how credentials travel (MCPAUTH, V2-AUTH-01), and
    with v2 where the spec needs it.
    """

    def __init__(self, choice: GenerationChoice, binding: Binding | None) -> None:
        """Choose; `check_choice` has looked at both words."""
        self._choice = choice
        self._v1 = V1(binding)
        self._v2 = V2(binding)

    def for_agent(self, agent_id: str) -> Generation:
        """The generation to speak to an agent through.

        Raises:
            UnsupportedByGeneration: The client was made for v1, and the id is one of v2.
        """
        # What is no text at all is refused where the id becomes part of a path.
        is_second = str(agent_id).startswith(_PREFIX)
        if is_second and self._choice == "v1":
            raise UnsupportedByGeneration("agents of v2 (agt.<uuid>)", "v1", ("v2",))
        return self._named() or (self._v2 if is_second else self._v1)

    def for_spec(self, spec: AgentSpec) -> Generation:
        """The generation to make an agent with.

        Raises:
            UnsupportedByGeneration: With `auto`: no generation can do all that the spec asks for; the error is of the
                first thing that keeps v1 from it, and its remedy names the first that keeps v2 from it.
        """
        named = self._named()
        if named is not None:
            return named
        obstacles = supported_generations(spec)
        if not obstacles["v1"]:
            return self._v1
        if not obstacles["v2"]:
            return self._v2
        first, other = obstacles["v1"][0], obstacles["v2"][0]
        raise UnsupportedByGeneration(
            first.feature,
            first.generation,
            first.supported_by,
            field=first.field,
            remedy=f"But {other.field} asks for {other.feature}, which v2 cannot do: leave one of the two out.",
        )

    def for_query(self, query: AgentQuery) -> Generation:
        """The generation to list agents of: v1, unless the query is one only v2 understands."""
        needs_v2 = bool(query.text) or bool(query.visibility) or bool(query.labels)
        return self._named() or (self._v2 if needs_v2 else self._v1)

    @property
    def default(self) -> Generation:
        """The generation for what is bound to no agent."""
        return self._named() or self._v1

    def second(self, feature: str) -> V2:
        """The second generation, for what only it has.

        Raises:
            UnsupportedByGeneration: The client was made for v1.
        """
        if self._choice == "v1":
            raise UnsupportedByGeneration(feature, "v1", ("v2",))
        return self._v2

    def _named(self) -> Generation | None:
        match self._choice:
            case "v1":
                return self._v1
            case "v2":
                return self._v2
            case _:
                return None
