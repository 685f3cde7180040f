"""What a waiting task keeps, and how it goes on with the answer (V1-SEND-02, MCPAUTH-18)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from agentkit.models import Json, JsonObject, Message, TokenUsage
from agentkit.platform.orchestration.contribution import (
    NOBODY_WAITS,
    Contribution,
    Waiting,
    dump_delegation,
    load_delegations,
)
from agentkit.reasoning import Delegation

_QUESTION: Final = "question"
_DATA: Final = "data"
_DONE: Final = "done"
_STEPS: Final = "steps"
_WAITING: Final = "waiting"
_USED: Final = "used"


@dataclass(frozen=True, slots=True, repr=False)
class Resumed:
    """What a message is about, with what earlier turns of its task left.

    Attributes:
        text: What is to be answered; for a task that waited for a credential that is the question from before.
        data: The data parts that came with it.
        steps: Of the task's earlier turns.
        done: Pieces of work that were finished before a credential was missing; they are not given out again.
        waiting: The agents elsewhere that have asked, by the id of their connector.
        used: What models used in the task's earlier turns.
    """

    text: str
    data: tuple[Json, ...]
    steps: tuple[Json, ...] = ()
    done: tuple[Delegation, ...] = ()
    waiting: Waiting = field(default_factory=lambda: NOBODY_WAITS)
    used: TokenUsage | None = None

    @classmethod
    def read(cls, message: Message, left: JsonObject | None) -> Resumed:
        """The message, with what was left where it answers a waiting task."""
        if not left:
            return cls(message.text, message.data)
        question, data, steps, waiting, used = (left.get(key) for key in (_QUESTION, _DATA, _STEPS, _WAITING, _USED))
        texts = [text for text in (question, message.text) if isinstance(text, str) and text]
        asking = waiting.items() if isinstance(waiting, dict) else ()
        return cls(
            "\n".join(texts),
            (*(data if isinstance(data, list) else ()), *message.data),
            tuple(steps) if isinstance(steps, list) else (),
            load_delegations(left.get(_DONE)),
            {key: value for key, value in asking if isinstance(value, dict)},
            TokenUsage.model_validate(used) if isinstance(used, dict) else None,
        )

    def left(self, steps: Iterable[Json], waiting: Waiting, used: TokenUsage | None) -> JsonObject:
        """What is kept while the user is asked something."""
        kept: JsonObject = {_STEPS: list(steps)}
        if waiting:
            kept[_WAITING] = dict(waiting)
        if used is not None:
            kept[_USED] = used.model_dump()
        return kept

    def left_for_credential(
        self, contributions: Iterable[Contribution], steps: Iterable[Json], waiting: Waiting, used: TokenUsage | None
    ) -> JsonObject:
        """What is kept while a credential is awaited: the question too, which is asked again with it."""
        done = [*self.done, *(one.delegation() for one in contributions if one.completed)]
        return {
            **self.left(steps, waiting, used),
            _QUESTION: self.text,
            _DATA: list(self.data),
            _DONE: [dump_delegation(one) for one in done],
        }
