"""Experts as an author writes them: custom ones, and those of the registry."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from agentkit.errors import SpecError
from agentkit.specs.checks import (
    at,
    check_flags,
    check_json_object,
    check_optional_texts,
    check_words,
    put_field,
    read_items,
)
from agentkit.specs.mcp import McpServerSpec

if TYPE_CHECKING:
    from agentkit.models import JsonObject


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpertSpec:
    """A custom expert: MCP servers under a prompt (EXP-01).

    v2 has no inline experts: there the servers become connectors of the agent, and description and prompt become a
    section of its system prompt (V2-MIG-01).

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
    config: JsonObject | None = None
    enabled: bool = True

    def __post_init__(self) -> None:
        """Check the fields."""
        check_optional_texts(self, "id", "name", "prompt")
        check_flags(self, "enabled")
        if not self.id and not self.name:
            raise SpecError(at(self, "name"), "give the id or the name of the expert")
        if self.config is not None:
            check_json_object(self, "config")
