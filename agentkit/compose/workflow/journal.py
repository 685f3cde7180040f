"""What a workflow remembers of its steps while its task waits: key by key what came of each."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, Literal

from agentkit.compose.agent import RunContext
from agentkit.compose.outcome import Outcome
from agentkit.compose.record import dump_message, dump_outcome, load_outcome, object_of
from agentkit.errors import WorkflowChanged
from agentkit.models import Json, JsonObject, Message

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from agentkit.compose.workflow.progress import Waiting

Kind = Literal["call", "approval", "question", "timer", "step", "output"]
"""What a step of a workflow is."""

_REMEDY: Final = "Start a new task in the same context."


@dataclass(frozen=True, slots=True)
class Entry:
    """What is remembered of one step.

    Attributes:
        kind: What it is.
        of: The agent that was called; None for what is no call.
        value: What came of it; for an open one what it waits for, as an outcome.
        is_abandoned: The workflow itself gave it up, so nothing comes of it.
        given: Digest of what was said, asked or proposed; empty where there is nothing to say.
    """

    kind: Kind
    of: str | None
    value: Json = None
    is_abandoned: bool = False
    given: str = ""

    def json(self) -> JsonObject:
        """As it is kept."""
        kept: JsonObject = {"kind": self.kind, "of": self.of, "value": self.value, "abandoned": self.is_abandoned}
        return {**kept, "given": self.given}


class Journal:
    """Results and open questions of a workflow by the key of their step.

    Attributes:
        message: What the workflow was asked first.
        asked: The key of the step whose question the caller has answered; None after a timer.
    """

    def __init__(self, name: str, version: str, message: Message) -> None:
        """Begin an empty journal."""
        self.message = message
        self.asked: str | None = None
        self._name = name
        self._version = version
        self._done: dict[str, Entry] = {}
        self._open: dict[str, Entry] = {}
        self._unclaimed: dict[str, None] = {}

    @classmethod
    def read(cls, name: str, version: str, message: Message, context: RunContext) -> Journal:
        """The journal that was left behind with a question, or an empty one.

        Raises:
            WorkflowChanged: It is that of another workflow, or of another version of it.
        """
        left = context.continuation
        journal = cls(name, version, message)
        if left is None:
            return journal
        if (left.get("workflow"), left.get("version")) != (name, version):
            raise WorkflowChanged(
                name, f"The task was started with another version of workflow {name}.", remedy=_REMEDY
            )
        asked = left.get("asked")
        journal.asked = asked if isinstance(asked, str) else None
        journal.message = Message.model_validate(left.get("message"))
        journal._done = _entries(left.get("done"))
        journal._open = _entries(left.get("open"))
        known = (*journal._done.items(), *journal._open.items())
        journal._unclaimed = dict.fromkeys(key for key, entry in known if not entry.is_abandoned)
        return journal

    def write(self, asked: str | None, waiting: Mapping[str, Waiting]) -> JsonObject:
        """The journal as it is kept with the task.

        Args:
            asked: The key of the step whose question is asked next.
            waiting: What each open step waits for.
        """
        # What a paused agent produced so far the task has already.
        now_open = {
            key: replace(one.entry, value=dump_outcome(replace(one.outcome, artifacts=())))
            for key, one in waiting.items()
        }
        kept = {key: entry for key, entry in self._open.items() if key in self._unclaimed}
        return {
            "workflow": self._name,
            "version": self._version,
            "message": dump_message(self.message),
            "asked": asked,
            "done": {key: entry.json() for key, entry in self._done.items()},
            "open": {key: entry.json() for key, entry in {**kept, **now_open}.items()},
        }

    @property
    def done(self) -> dict[str, Entry]:
        """What came of the steps, in the order in which they ended."""
        return self._done

    @property
    def unclaimed(self) -> Collection[str]:
        """Keys that are remembered, and that the workflow has not asked for in this run."""
        return self._unclaimed.keys()

    def claim(self, key: str, new: Entry) -> tuple[Entry | None, Outcome | None]:
        """What came of a step, or else what it waits for; nothing for a new one.

        Raises:
            WorkflowChanged: Something else was done under this key, or the same with something else.
        """
        self._unclaimed.pop(key, None)
        entry = self._done.get(key) or self._open.get(key)
        if entry is None:
            return None, None
        if (entry.kind, entry.of) != (new.kind, new.of):
            raise self.changed(f"step {key} was {_told(entry.kind, entry.of)}, now it is {_told(new.kind, new.of)}")
        if entry.given != new.given:
            raise self.differs(key, new.kind)
        return (entry, None) if key in self._done else (None, load_outcome(entry.value))

    def finish(self, key: str, entry: Entry) -> None:
        """Remember what came of a step."""
        self._done[key] = entry

    def reopen(self, key: str) -> None:
        """What was remembered of a step was only its beginning."""
        self._done.pop(key, None)

    def order(self, key: str) -> int:
        """Questions that were open before come first, in their order; what was asked last stays first."""
        if key == self.asked:
            return -1
        return list(self._open).index(key) if key in self._open else len(self._open)

    def differs(self, key: str, kind: Kind) -> WorkflowChanged:
        """The error for a step that is the same, but is given something else."""
        what = {"approval": "proposes something else", "question": "asks something else"}
        return self.changed(f"step {key} {what.get(kind, 'is given something else')}")

    def changed(self, why: str) -> WorkflowChanged:
        """The error for a function that is not the one that began the task."""
        return WorkflowChanged(
            self._name, f"The task was started with another version of workflow {self._name}: {why}.", remedy=_REMEDY
        )


def _told(kind: Kind, of: str | None) -> str:
    return f"{kind} of {of}" if of else kind


def _entries(value: Json) -> dict[str, Entry]:
    entries: dict[str, Entry] = {}
    for key, one in (object_of(value) or {}).items():
        fields = object_of(one) or {}
        of, kind = fields.get("of"), fields.get("kind")
        entries[key] = Entry(
            kind,  # pyright: ignore[reportArgumentType] - written by us; another word differs from what is claimed
            of if isinstance(of, str) else None,
            fields.get("value"),
            fields.get("abandoned") is True,
            str(fields.get("given") or ""),
        )
    return entries
