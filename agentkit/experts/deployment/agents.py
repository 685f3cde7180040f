"""The agent that a deployment is for, and what surrounds it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, cast

from agentkit.errors import (
    ApiError,
    ForbiddenError,
    NotFoundError,
    NotImplementedByServerError,
    SpecError,
    TransportError,
    WireError,
)
from agentkit.experts.deployment.sections import find_sections
from agentkit.models import AgentId, AgentInfo, ExpertInfo, ExpertReference
from agentkit.models.ids import is_agent_id

if TYPE_CHECKING:
    from agentkit.client import AgentHandle, AsyncCorti
    from agentkit.wire.generations import GenerationName

STATE: Final = ("name", "description", "system_prompt", "experts", "mcp_servers", "connectors")
"""What a plan is about; of other fields a change between plan and apply does not matter."""


def require_async(corti: object) -> None:
    """Refuse a blocking client, which has no twin of this room.

    Raises:
        SpecError: It is no `AsyncCorti`.
    """
    from agentkit.client import AsyncCorti  # here, because importing this room must not bring the client

    if not isinstance(corti, AsyncCorti):
        remedy = "Use AsyncCorti, in a program without an event loop by asyncio.run()."
        raise SpecError("corti", f"is a {type(corti).__name__}; it must be an AsyncCorti", remedy=remedy)


async def find_agent(corti: AsyncCorti, wanted: str) -> tuple[AgentInfo, GenerationName] | None:
    """The agent of an id, or the only one of a name; None where no agent has the name.

    Raises:
        SpecError: Several agents have the name, or it is shown as a reference only.
        NotFoundError: No agent has the id.
    """
    text = cast("object", wanted)  # a caller may hand over anything
    if not isinstance(text, str) or not text.strip():
        raise SpecError("agent", "must be the name or the id of an agent")
    if is_agent_id(wanted):
        return await get_agent(corti, wanted)
    found = {handle.id: handle for handle in await corti.agents.list(ephemeral=True).all() if handle.name == wanted}
    if corti.generation == "auto":
        for handle in await _second(corti, wanted):
            bare = AgentId(handle.id).bare
            # A server may show one agent through both generations, as the local platform does.
            if handle.name == wanted and (bare not in found or _was_deployed_with_v2(found[bare])):
                found.pop(bare, None)
                found[handle.id] = handle
    if len(found) > 1:
        raise SpecError("agent", f"{len(found)} agents are called {wanted!r}: {', '.join(found)}", remedy="Give an id.")
    for agent_id in found:
        return await get_agent(corti, agent_id)
    return None


async def get_agent(corti: AsyncCorti, agent_id: str) -> tuple[AgentInfo, GenerationName]:
    """The agent of an id.

    Raises:
        SpecError: It is shown as a reference only.
        NotFoundError: There is none.
    """
    handle = await corti.agents.get(agent_id)
    if not isinstance(handle.info, AgentInfo):
        raise SpecError("agent", "is shown as a reference only", remedy="Give the id of an agent of your own.")
    return handle.info, handle.generation


def same_state(one: AgentInfo, other: AgentInfo) -> bool:
    """Whether two readings of an agent are the same as far as a plan goes."""
    return all(getattr(one, name) == getattr(other, name) for name in STATE)


async def registered_servers(corti: AsyncCorti, info: AgentInfo) -> dict[str, tuple[str, ...]]:
    """The MCP servers of the registry experts that an agent of v1 refers to; nothing where nobody tells."""
    names = {expert.name for expert in info.experts if isinstance(expert, ExpertReference) and expert.name}
    if not names:
        return {}
    try:
        entries = await corti.experts.list().all()
    except (ApiError, TransportError, WireError):
        return {}  # the server itself looks at the names too
    return {entry.name: tuple(server.name for server in entry.mcp_servers) for entry in entries if entry.name in names}


def _was_deployed_with_v2(handle: AgentHandle) -> bool:
    """Whether what v1 shows of an agent is what v2 keeps of experts, and v1 has none of its own in it."""
    info = handle.info
    if not isinstance(info, AgentInfo) or any(isinstance(expert, ExpertInfo) for expert in info.experts):
        return False
    return bool(find_sections(info.system_prompt))


async def _second(corti: AsyncCorti, name: str) -> Sequence[AgentHandle]:
    """The agents of v2, which are listed by words to search for; none where v2 is not on offer."""
    try:
        return await corti.agents.list(text=name).all()
    except (ForbiddenError, NotFoundError, NotImplementedByServerError, WireError):
        return []
