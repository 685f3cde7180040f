"""Experts as an author writes them: custom ones, and those of the registry."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from agentkit.errors import SpecError
from agentkit.specs.checks import (
    at,
    check_flags,
    check_optional_texts,
    check_optional_words,
    check_words,
    put_field,
    read_items,
    read_json_object,
)
from agentkit.specs.mcp import McpServerSpec

if TYPE_CHECKING:
    from agentkit.models import JsonObject


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpertSpec:
    """A custom expert: MCP servers under a prompt (EXP-01).

    v2 has no inline experts: there the servers become connectors of the agent, and description and prompt become a
    section of its system prompt (V2-MIG-01). An agent without a prompt gets one made of such sections where an expert
    has a prompt or no servers; otherwise it keeps the server's default, and the descriptions are left out.

    Attributes:
        name: Unique within the agent.
        description: What it is good for; the orchestrator chooses by it.
        prompt: How it shall work; None leaves it to the server.
        servers: The MCP servers it uses.

    Raises:
        SpecError: A field is wrong; the error names it.
    """

    name: str
    description: str
    prompt: str | None = None
    servers: Sequence[McpServerSpec] = ()

    def __post_init__(self) -> None:
        """Check the fields."""
        check_words(self, "name", "description")
        check_optional_texts(self, "prompt")
        put_field(self, "servers", read_items(self, "servers", McpServerSpec))


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpertReferenceSpec:
    """An expert of the registry (V1-OBJ-04, V2-OBJ-04). Another agent is an `AgentReferenceSpec`.

    Attributes:
        id: The entry's id; wins over the name.
        name: The entry's name, for example `pubmed-expert`; v2 calls entries by their id, and takes it here too.
        prompt: Appended to the registry prompt; v1 only.
        config: Merged over the registry defaults; v2 drops it today (V2-OBJ-04).
        enabled: False keeps the expert configured and unused (V2-OBJ-09), v2 only.

    Raises:
        SpecError: A field is wrong, or neither id nor name is given.
    """

    id: str | None = None
    name: str | None = None
    prompt: str | None = None
    config: JsonObject | None = field(default=None, hash=False)
    enabled: bool = True

    def __post_init__(self) -> None:
        """Check the fields."""
        check_optional_words(self, "id", "name")
        check_optional_texts(self, "prompt")
        check_flags(self, "enabled")
        if self.id is None and self.name is None:
            raise SpecError(at(self, "name"), "give the id or the name of the expert")
        if self.config is not None:
            put_field(self, "config", read_json_object(self, "config"))
