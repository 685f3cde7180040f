"""Between the memory of a context and what a reasoner is shown of it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from agentkit.experts import WorkerResult
from agentkit.memory import ContextMemory, Item, Kind, Note, Scope, Wanted
from agentkit.models import Artifact, Json, Message, Part, Role
from agentkit.platform.orchestration.deliberation import Contribution
from agentkit.reasoning import Observation, Passage, Utterance, dump_observation, load_observation

_RELEVANT: Final = 10
_NAMED: Final = 10
_ASKS: Final = "asks"


@dataclass(frozen=True, slots=True, repr=False)
class Recalled:
    """What a context remembers, as far as it bears on a message.

    Attributes:
        history: The newest turns, oldest first.
        observations: The newest tool results, and older ones that bear on the message, oldest first.
        passages: What else bears on it: older turns, data and file parts, artifacts.
    """

    history: tuple[Utterance, ...] = ()
    observations: tuple[Observation, ...] = ()
    passages: tuple[Passage, ...] = ()


@dataclass(frozen=True, slots=True, repr=False)
class Conclusion:
    """How a turn ended, for the memory.

    Attributes:
        heard: What the user said.
        text: What the agent said; empty where it said nothing.
        expert: Who is behind it, where it was one expert alone.
        contributions: What the experts did.
        artifacts: What was produced.
        asks: It is a question to the user.
    """

    heard: Message
    text: str = ""
    expert: str | None = None
    contributions: tuple[Contribution, ...] = ()
    artifacts: tuple[Artifact, ...] = ()
    asks: bool = False


class Recollection:
    """What one context remembers, in the reasoner's words: one read before a turn, one write at its end."""

    def __init__(self, memory: ContextMemory, scope: Scope, *, history: int, observations: int) -> None:
        """Show at most so many earlier turns and tool results."""
        self._memory = memory
        self._scope = scope
        self._history = history
        self._observations = observations

    async def recall(self, text: str, *, fresh: bool, tasks: Sequence[str] = ()) -> Recalled:
        """What is known when a message comes (CTX-06).

        Args:
            text: What the message is about.
            fresh: It opens the context, so nothing is known (CTX-02).
            tasks: The past tasks it names (CTX-07).
        """
        if fresh:
            return Recalled()
        wanted = Wanted(text, self._history, self._observations, _RELEVANT, tuple(tasks[:_NAMED]))
        found = await self._memory.retrieve(self._scope, wanted)
        relevant = [item for item in found.relevant if item.note.kind is Kind.OBSERVATION]
        observed = sorted((*relevant, *found.observations), key=lambda item: item.number)
        return Recalled(
            tuple(_utterance(item.note) for item in found.turns if item.note.text),
            tuple(one for one in map(_observation, observed) if one is not None),
            tuple(_passage(item) for item in found.relevant if item.note.kind is not Kind.OBSERVATION),
        )

    async def keep(self, turn: Conclusion, task_id: str) -> None:
        """Keep what was said, found and produced: every text, data and file part, once (CTX-05, V1-SEND-11)."""
        heard = turn.heard
        notes = [Note(Kind.USER, heard.text, task_id=task_id)] if heard.text else []
        notes += [_part_note(part, task_id) for part in heard.parts if part.text is None]
        notes += [note for one in turn.contributions for note in _results(one.expert, one.result, task_id)]
        notes += [_artifact_note(artifact, task_id) for artifact in turn.artifacts]
        if turn.text:
            said: Json = {_ASKS: True} if turn.asks else None
            notes.append(Note(Kind.AGENT, turn.text, said, turn.expert, task_id))
        await self._memory.remember(self._scope, notes, turn=heard.message_id or None)


def _utterance(note: Note) -> Utterance:
    asks = isinstance(note.data, dict) and note.data.get(_ASKS) is True
    return Utterance(Role.USER if note.kind is Kind.USER else Role.AGENT, note.text, note.source, asks)


def _observation(item: Item) -> Observation | None:
    return load_observation(item.note.data, current=False, expert=item.note.source)


def _passage(item: Item) -> Passage:
    return Passage(item.note.kind.value, item.note.text, item.note.source)


def _results(expert: str, result: WorkerResult, task_id: str) -> list[Note]:
    return [
        Note(
            Kind.OBSERVATION,
            observation.text or _flat(observation.data),
            dump_observation(observation),
            observation.expert or expert,
            task_id,
        )
        for observation in result.observations
    ]


def _part_note(part: Part, task_id: str) -> Note:
    """A data part with its words, a file part by name and type."""
    if part.file is None:
        return Note(Kind.PART, _flat(part.data), part.data, task_id=task_id)
    words = (part.file.name, part.file.media_type)
    return Note(Kind.PART, " ".join(word for word in words if word), task_id=task_id)


def _artifact_note(artifact: Artifact, task_id: str) -> Note:
    data: list[Json] = [part.data for part in artifact.parts if part.kind == "data"]
    files = [part.file for part in artifact.parts if part.file is not None]
    named = [word for file in files for word in (file.name, file.media_type)]
    text = "\n".join(text for text in (artifact.text, *(_flat(item) for item in data), *named) if text)
    return Note(Kind.ARTIFACT, text, data, artifact.name, task_id)


def _flat(data: Json) -> str:
    """Words of a JSON value, for the index."""
    return "" if data is None else json.dumps(data, ensure_ascii=False)
