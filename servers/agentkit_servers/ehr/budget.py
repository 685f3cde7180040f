"""The size of an answer (EHR-B1): structured content and text together, as they go over the wire."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TypeVar

from agentkit.mcp import ToolError
from agentkit_servers.ehr.answers import Answer
from agentkit_servers.ehr.parameters import MAX_CHARS

A = TypeVar("A", bound=Answer)

# What the protocol puts around an answer.
_ENVELOPE = 512


def size(answer: Answer) -> int:
    """Bytes of an answer on the wire, counted with the spaces some serialisers add."""
    parts = (answer.model_dump(mode="json"), answer.to_text())
    return sum(len(json.dumps(part, ensure_ascii=False).encode()) for part in parts) + _ENVELOPE


def fits(answer: Answer, max_chars: int) -> bool:
    """Whether an answer keeps to the ceiling, which a caller may lower but not raise."""
    return size(answer) <= min(max_chars, MAX_CHARS)


def largest(build: Callable[[int], A], count: int, max_chars: int) -> A:
    """The answer with as many whole records as fit (EHR-B3).

    Args:
        build: Makes the answer with the first n records.
        count: How many records there are.
        max_chars: The ceiling.

    Raises:
        ToolError: Not even one record fits (`too-large`).
    """
    answer = build(count)
    if fits(answer, max_chars):
        return answer
    low, high = 0, count
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if fits(build(middle), max_chars) else (low, middle)
    answer = build(low)
    if low == 0 or not fits(answer, max_chars):
        raise ToolError(
            "The answer does not fit into the allowed size.",
            code="too-large",
            hint="Ask for brief detail, for fewer records, or allow a larger answer (at most 32768 characters).",
        )
    return answer
