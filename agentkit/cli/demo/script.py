"""What is said in the demonstration, what must come of it, and what to try next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from agentkit.models import TaskState


@dataclass(frozen=True, slots=True)
class Line:
    """What the user says, and what must come of it.

    Attributes:
        text: The message.
        fresh: In a new context, with the credentials.
        state: How the turn must end.
        mentions: Words the answer must hold, whatever their case.
    """

    text: str
    fresh: bool = False
    state: TaskState = TaskState.COMPLETED
    mentions: Sequence[str] = field(default_factory=tuple)


RECORD: Final = (
    Line("Which medications does Robert Okafor take?", fresh=True, mentions=["warfarin"]),
    Line("And his allergies?", mentions=["sulfamethoxazole"]),
    Line("What were his creatinine results since 2025?", mentions=["creatinine"]),
)
AMBIGUOUS: Final = (
    Line("Which allergies does Anna Berg have?", fresh=True, state=TaskState.INPUT_REQUIRED, mentions=["1980", "1957"]),
    Line("The one born 1980-04-12.", mentions=["penicillin"]),
)
INTERVIEW: Final = (
    Line("Please start a PHQ-2.", fresh=True, state=TaskState.INPUT_REQUIRED, mentions=["interest"]),
    Line("Several days", state=TaskState.INPUT_REQUIRED, mentions=["depressed"]),
    Line("More than half the days", mentions=["score: 3"]),
)
HANDOVER: Final = (
    Line(
        "Which allergies does Robert Okafor have?",
        fresh=True,
        state=TaskState.INPUT_REQUIRED,
        mentions=["Hand over this note?", "ibuprofen"],
    ),
    Line("Maybe later", state=TaskState.INPUT_REQUIRED, mentions=["not clearly"]),
    Line("Yes, approved", mentions=["Handover note", "ibuprofen"]),
)
CONTEXTS: Final = sum(line.fresh for line in (*RECORD, *AMBIGUOUS, *INTERVIEW, *HANDOVER))
"""How many contexts the story opens, and so how often credentials are sent."""

NEXT: Final = (
    (
        "serve all --token my-ehr-token",
        "the platform and all MCP servers on ports of their own, with data that stays",
    ),
    (
        "agents create --local --name helper --description Helper --expert ehr-lookup",
        "in a second terminal: an agent with an expert of the registry",
    ),
    (
        "chat --local helper --token ehr=my-ehr-token",
        "talk to it, for example: Which medications does Ingrid Solheim take?",
    ),
)
"""Arguments of `agentkit`, each with its purpose; they work in this order."""
