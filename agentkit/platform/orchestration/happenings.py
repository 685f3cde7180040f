"""What happens while a message is worked on."""

from __future__ import annotations

from dataclasses import dataclass, field

from agentkit.errors import McpAuthRequired
from agentkit.models import ArtifactUpdate, Json, TaskState
from agentkit.platform.orchestration.contribution import NOBODY_WAITS, Contribution, Waiting


@dataclass(frozen=True, slots=True)
class Delegated:
    """An expert sets to work."""

    expert: str


@dataclass(frozen=True, slots=True, repr=False)
class Said:
    """An agent elsewhere says how far it has come."""

    expert: str
    text: str


@dataclass(frozen=True, slots=True, repr=False)
class Made:
    """An agent elsewhere has made something, or a part of it."""

    expert: str
    update: ArtifactUpdate


@dataclass(frozen=True, slots=True)
class Absence:
    """An expert that could not be asked, and why."""

    expert: str
    reason: str


@dataclass(frozen=True, slots=True, repr=False)
class Output:
    """What the agent itself gave out, in the form its author wanted (V2-OBJ-08)."""

    name: str
    data: Json


@dataclass(frozen=True, slots=True, repr=False)
class Verdict:
    """How the work ends.

    Attributes:
        state: `completed`, `input-required`, `auth-required` or `failed`.
        text: The answer, the question, or what went wrong.
        contributions: What the experts did, in the order they were asked.
        absences: Who could not be asked.
        expert: Who is behind the text, where it was one expert alone.
        output: What the agent gave out itself.
        wanted: The servers that refused the credential, or got none.
        waiting: The agents elsewhere that wait for an answer.
        agents: Names of agents elsewhere that want a credential.
        code: What stopped the work, for programs.
    """

    state: TaskState
    text: str
    contributions: tuple[Contribution, ...] = ()
    absences: tuple[Absence, ...] = ()
    expert: str | None = None
    output: Output | None = None
    wanted: tuple[McpAuthRequired, ...] = ()
    waiting: Waiting = field(default_factory=lambda: NOBODY_WAITS)
    agents: tuple[str, ...] = ()
    code: str | None = None


Progress = Delegated | Said | Made
"""What a member tells while it works."""

Happening = Progress | Contribution | Verdict
"""What the work on a message tells; the verdict comes last."""
