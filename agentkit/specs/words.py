"""The words an author chooses from."""

from __future__ import annotations

from enum import Enum, StrEnum
from typing import Final


class Authorization(StrEnum):
    """How an MCP server wants to be authorized (V1-OBJ-05, section 10; V2-OBJ-10). `apiKey` exists in v2 only."""

    NONE = "none"
    BEARER = "bearer"
    INHERIT = "inherit"
    OAUTH2 = "oauth2.0"
    API_KEY = "apiKey"


class Transport(StrEnum):
    """How an MCP server is reached (V1-OBJ-05); v2 knows `streamable_http` only (V2-OBJ-05)."""

    STREAMABLE_HTTP = "streamable_http"
    SSE = "sse"
    STDIO = "stdio"


class AgentType(StrEnum):
    """What kind of agent Corti makes (V1-OBJ-01); v1 only (V2-MIG-01)."""

    ORCHESTRATOR = "orchestrator"
    EXPERT = "expert"
    INTERVIEWING_EXPERT = "interviewing-expert"


class Visibility(StrEnum):
    """Who sees an agent (V2-OBJ-01); v2 only, and ignored by the server today."""

    PRIVATE = "private"
    UNLISTED = "unlisted"
    PUBLIC = "public"


class Transition(StrEnum):
    """The state a turn ends in when the agent has given a typed output (V2-OBJ-08)."""

    COMPLETE = "complete"
    INPUT_REQUIRED = "input_required"


class Clear(Enum):
    """The type of `CLEAR`."""

    CLEAR = "clear"

    def __repr__(self) -> str:
        """As it is written in code."""
        return "CLEAR"


CLEAR: Final = Clear.CLEAR
"""Takes a field's value away, where None leaves it as it is (V2-EP-04)."""
