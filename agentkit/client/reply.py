"""What a send brought back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from agentkit.models import Artifact, Message, QuestionnaireResponse, Task, TaskState
from agentkit.wire.usage import read_usage

if TYPE_CHECKING:
    from agentkit.models import Json, TokenUsage


@dataclass(frozen=True, slots=True)
class Reply:
    """An agent's answer: a task, or for very quick replies a message alone (V1-SEND-05).

    Its repr shows ids, states and sizes only.

    Attributes:
        answer: What the wire held.
    """

    answer: Task | Message

    @property
    def task(self) -> Task | None:
        """The task, or None when the agent answered with a message alone."""
        return self.answer if isinstance(self.answer, Task) else None

    @property
    def message(self) -> Message | None:
        """What the agent says: the message alone, or the one in the task's status (V1-SEND-06)."""
        return self.answer.status.message if isinstance(self.answer, Task) else self.answer

    @property
    def text(self) -> str:
        """The text of the message; empty where there is none."""
        return self.message.text if self.message else ""

    @property
    def state(self) -> TaskState:
        """Where the task stands; a message alone is complete."""
        return self.answer.status.state if isinstance(self.answer, Task) else TaskState.COMPLETED

    @property
    def context(self) -> str | None:
        """The id of the conversation: pass it to the next `send` to go on in it (CTX-01); None where it has none."""
        return self.answer.context_id or None

    @property
    def artifacts(self) -> tuple[Artifact, ...]:
        """The results, each once: of repeated ids the last one counts (V1-SEND-09)."""
        if not isinstance(self.answer, Task):
            return ()
        return tuple({artifact.artifact_id: artifact for artifact in self.answer.artifacts}.values())

    @property
    def usage(self) -> TokenUsage | None:
        """Tokens and credits of the turn; None where the answer does not tell (V1-OBJ-21, V2-OBJ-14)."""
        return read_usage(self.answer.metadata)

    @property
    def questionnaire(self) -> QuestionnaireResponse | None:
        """How far a questionnaire is answered; None where the turn was not about one (QNC-13)."""
        return QuestionnaireResponse.of(self.answer) if isinstance(self.answer, Task) else None

    @property
    def data(self) -> tuple[Json, ...]:
        """The values of all data parts of the artifacts, in order."""
        return tuple(part.data for artifact in self.artifacts for part in artifact.parts if part.kind == "data")
