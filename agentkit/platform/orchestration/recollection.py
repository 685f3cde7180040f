"""Between the memory of a context and what a reasoner is shown of it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Final

from agentkit.experts import WorkerResult
from agentkit.memory import ContextMemory, Kind, Note, Scope
from agentkit.models import Artifact, Json, Message, Part, Role
from agentkit.platform.orchestration.deliberation import Contribution
from agentkit.reasoning import Observation, Utterance

_RELEVANT: Final = 10
_ASKS: Final = "asks"


@dataclass(frozen=True, slots=True, repr=False)
class Conclusion:
    """How a turn ended, for the memory.

    Attributes:
        text: What the agent said.
        expert: Who is behind it, where it was one expert alone.
        contributions: What the experts did.
        artifacts: What was produced.
        asks: It is a question to the user.
    """

    text: str
    expert: str | None = None
    contributions: tuple[Contribution, ...] = ()
    artifacts: tuple[Artifact, ...] = ()
    asks: bool = False


class Recollection:
    """What one context remembers, in the reasoner's words."""

    def __init__(self, memory: ContextMemory, scope: Scope, *, history: int, observations: int) -> None:
        """Show at most so many earlier turns and tool results."""
        self._memory = memory
        self._scope = scope
        self._history = history
        self._observations = observations

    async def history(self) -> tuple[Utterance, ...]:
        """The newest turns, oldest first."""
        items = await self._memory.recall(self._scope, (Kind.USER, Kind.AGENT), self._history)
        return tuple(_utterance(item.note) for item in items if item.note.text)

    async def observations(self, text: str) -> tuple[Observation, ...]:
        """The newest tool results and older ones that bear on a text (CTX-06), oldest first."""
        newest = await self._memory.observations(self._scope, self._observations)
        found = await self._memory.search(self._scope, text, _RELEVANT) if len(newest) >= self._observations else ()
        older = {item.number: item for item in found if item.note.kind is Kind.OBSERVATION}
        every = older | {item.number: item for item in newest}
        return tuple(_observation(every[number].note) for number in sorted(every))

    async def heard(self, message: Message, task_id: str) -> None:
        """Keep the user's turn: its text, and each data and file part (CTX-05, V1-SEND-11)."""
        notes = [Note(Kind.USER, message.text, task_id=task_id)]
        notes += [_part_note(part, task_id) for part in message.parts if part.text is None]
        await self._memory.remember(self._scope, notes)

    async def concluded(self, turn: Conclusion, task_id: str) -> None:
        """Keep what the turn found, produced and said, all together."""
        notes = [note for one in turn.contributions for note in _results(one.expert, one.result, task_id)]
        notes += [_artifact_note(artifact, task_id) for artifact in turn.artifacts]
        said: Json = {_ASKS: True} if turn.asks else None
        await self._memory.remember(self._scope, [*notes, Note(Kind.AGENT, turn.text, said, turn.expert, task_id)])


def _utterance(note: Note) -> Utterance:
    asks = isinstance(note.data, dict) and note.data.get(_ASKS) is True
    return Utterance(Role.USER if note.kind is Kind.USER else Role.AGENT, note.text, note.source, asks)


def _results(expert: str, result: WorkerResult, task_id: str) -> list[Note]:
    return [
        Note(
            Kind.OBSERVATION,
            observation.text or _flat(observation.data),
            {
                "tool": observation.tool,
                "arguments": observation.arguments,
                "text": observation.text,
                "data": observation.data,
                "failed": observation.failed,
                "code": observation.code,
            },
            expert,
            task_id,
        )
        for observation in result.observations
    ]


def _observation(note: Note) -> Observation:
    kept = note.data if isinstance(note.data, dict) else {}
    arguments, code = kept.get("arguments"), kept.get("code")
    return Observation(
        tool=str(kept.get("tool", "")),
        arguments=arguments if isinstance(arguments, dict) else {},
        text=str(kept.get("text", "")),
        data=kept.get("data"),
        failed=kept.get("failed") is True,
        code=code if isinstance(code, str) else None,
        current=False,
    )


def _part_note(part: Part, task_id: str) -> Note:
    if part.file is None:
        return Note(Kind.PART, _flat(part.data), part.data, task_id=task_id)
    words = (part.file.name, part.file.media_type)
    return Note(Kind.PART, " ".join(word for word in words if word), task_id=task_id)


def _artifact_note(artifact: Artifact, task_id: str) -> Note:
    data: list[Json] = [part.data for part in artifact.parts if part.kind == "data"]
    text = "\n".join(text for text in (artifact.text, *(_flat(item) for item in data)) if text)
    return Note(Kind.ARTIFACT, text, data, artifact.name, task_id)


def _flat(data: Json) -> str:
    """Words of a JSON value, for the index."""
    return "" if data is None else json.dumps(data, ensure_ascii=False)
