"""The recorder of one turn: takes every span below the turn's own, and hands them on when that one ends."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final, NamedTuple

from agentkit.tracing import Recorded, around

MOST_SPANS: Final = 500
"""So many spans are kept of a turn; what comes later is counted, but for the turn's own."""

LONGEST_CONTENT: Final = 16_384
"""So many characters are kept of what one span was asked or answered, where that is kept at all."""

MOST_CONTENT: Final = 1_048_576
"""So many characters of a turn."""


class TurnTrace(NamedTuple):
    """The finished trace of a turn.

    Attributes:
        trace_id: 128 bits: the caller's, where it named one by `traceparent`.
        caller_id: The caller's span, or 0.
        task_id: Bare.
        context_id: Bare.
        began: When the turn began, on the platform's clock.
        origin: The same moment in seconds of `time.perf_counter`, to which the spans count.
        spans: In the order they ended.
        dropped: How many more there were.
    """

    trace_id: int
    caller_id: int
    task_id: str
    context_id: str
    began: datetime
    origin: float
    spans: Sequence[Recorded]
    dropped: int


class TurnRecorder:
    """Implements `agentkit.tracing.Recorder`; bounded, and never in the way of the turn."""

    def __init__(
        self,
        task_id: str,
        context_id: str,
        began: datetime,
        tell: Callable[[TurnTrace], None],
        *,
        wants_content: bool,
        travels: bool,
    ) -> None:
        """Begin now.

        Args:
            task_id: Of the turn.
            context_id: Of the turn.
            began: Now, on the platform's clock.
            tell: Gets the trace when its outermost span has ended.
            wants_content: What was asked and answered is kept too.
            travels: The ids go out in `traceparent`.
        """
        self.trace_id, self._caller_id = around()
        self.wants_content = wants_content
        self.travels = travels
        self._task_id = task_id
        self._context_id = context_id
        self._began = began
        self._origin = time.perf_counter()
        self._tell = tell
        self._spans: list[Recorded] = []
        self._dropped = 0
        self._room = MOST_CONTENT
        self._ended = False

    def record(self, span: Recorded) -> None:
        """Take a finished span; one that ends after the turn's own is too late."""
        if self._ended:
            return
        outermost = span.parent_id == 0
        if len(self._spans) >= MOST_SPANS and not outermost:
            self._dropped += 1
            return
        if span.asked is not None or span.answered is not None:
            span = span._replace(asked=self._cut(span.asked), answered=self._cut(span.answered))
        self._spans.append(span)
        if outermost:
            self._ended = True
            ids = (self.trace_id, self._caller_id, self._task_id, self._context_id)
            self._tell(TurnTrace(*ids, self._began, self._origin, self._spans, self._dropped))

    def _cut(self, text: str | None) -> str | None:
        if text is None:
            return None
        kept = text[: min(LONGEST_CONTENT, self._room)]
        self._room -= len(kept)
        return kept
