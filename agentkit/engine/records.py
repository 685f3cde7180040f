"""What a run has recorded, by key, and what may be recorded at all."""

from __future__ import annotations

import asyncio
import json
import math
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from itertools import count
from typing import Final, Literal

from agentkit.engine.protocol import Effect, LookUp, Work
from agentkit.errors import EngineError, UnknownOutcome
from agentkit.models import Json, JsonObject

KEY_LIMIT: Final = 512
"""Characters that a run id, the key of a step or a string of a payload may have."""

PAYLOAD_LIMIT: Final = 16
"""Entries that the payload of a run may have."""

RESULT_LIMIT: Final = 16 * 1024 * 1024
"""Characters that the result of a step may have as JSON."""

Kind = Literal["begun", "done"]

Write = Callable[[int, Kind, str, str], Awaitable[None]]
"""Keeps one record for good: its number in the run, its kind, the key of its step, and its text."""


@dataclass(slots=True)
class Records:
    """What is known of the steps of one run that is carried out.

    Records are numbered in the order they are made and found by key, so a replay may execute its steps in another
    order, or at the same time.

    Attributes:
        done: Texts of the results, by key.
        interrupted: Keys that may have happened: their start is marked, and no result was recorded before an earlier
            process died, or before the step was cancelled.
        marked: Keys whose start this process marked.
    """

    done: dict[str, str] = field(default_factory=dict[str, str])
    interrupted: set[str] = field(default_factory=set[str])
    marked: set[str] = field(default_factory=set[str])
    at_work: set[str] = field(default_factory=set[str])
    numbers: count[int] = field(default_factory=lambda: count(1))

    def interrupt(self, key: str, effect: Effect) -> None:
        """Note that a step may have happened, should the run ask for it once more in this process."""
        if effect != "idempotent":
            self.interrupted.add(key)

    @classmethod
    def load(cls, rows: Iterable[tuple[int, Kind, str, str]]) -> Records:
        """Take what an earlier process recorded; new records are numbered behind it."""
        records, last = cls(), 0
        for number, kind, key, text in rows:
            last = max(last, number)
            if kind == "done":
                records.done[key] = text
            else:
                records.interrupted.add(key)
        records.interrupted -= records.done.keys()
        records.numbers = count(last + 1)
        return records


async def execute(records: Records, write: Write, key: str, work: Work, effect: Effect, look_up: LookUp | None) -> Json:
    """Execute a step by the rules of its effect, or return its record.

    Raises:
        UnknownOutcome: It was interrupted, and nobody knows whether it happened.
        EngineError: Its key is no key or at work already, or its result cannot be recorded.
    """
    recorded = records.done.get(key)
    if recorded is not None:
        return json.loads(recorded)
    check_name(key, "The key of a step")
    if key in records.at_work:
        raise EngineError(f"Step {key!r} is at work already.", remedy="Give each step of a run a key of its own.")
    records.at_work.add(key)
    try:
        result = await _perform(records, write, key, work, effect, look_up)
        try:
            text = encode(result, key)
            await write(next(records.numbers), "done", key, text)
        except BaseException:
            records.interrupt(key, effect)
            raise
        records.done[key] = text
        records.interrupted.discard(key)
    finally:
        records.at_work.discard(key)
    return result


async def _perform(
    records: Records, write: Write, key: str, work: Work, effect: Effect, look_up: LookUp | None
) -> Json:
    if effect == "idempotent":
        return await work()
    if key in records.interrupted:
        if effect == "once" or look_up is None:
            raise UnknownOutcome(
                f"Step {key!r} was interrupted, and nobody knows whether it happened.",
                step=key,
                remedy="Find out where it went to, then send a new message.",
            )
        found = await look_up()
        if found is not None:
            return found.result
        records.interrupted.discard(key)
        records.marked.add(key)
    elif key not in records.marked:
        await write(next(records.numbers), "begun", key, "null")
        records.marked.add(key)
    try:
        return await work()
    except asyncio.CancelledError:
        # Nobody knows how far it came. What raises an error of its own has said that it failed.
        records.interrupt(key, effect)
        raise


def encode(result: Json, key: str) -> str:
    """The text of a result that reads back as the same value.

    Raises:
        EngineError: It is not JSON, too long or too deep, or holds NaN, an infinity or half a surrogate pair.
    """
    try:
        text = json.dumps(result, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        text.encode()
        same = json.loads(text) == result
    except (TypeError, ValueError, RecursionError) as error:
        # The class only: the text of some of these errors quotes the value.
        raise _unrecordable(key, f"it is not JSON ({type(error).__name__})") from None
    if not same:
        raise _unrecordable(key, "it reads back as another value, as tuples and keys that are no strings do")
    if len(text) > RESULT_LIMIT:
        raise _unrecordable(key, f"it is longer than {RESULT_LIMIT} characters")
    return text


def check_run(run_id: str, payload: JsonObject) -> None:
    """Refuse a run whose id or payload could hold content: a payload is ids and numbers (D13).

    Raises:
        EngineError: The id or an entry is not of that kind; the error names the entry, never its value.
    """
    check_name(run_id, "The id of a run")
    if len(payload) > PAYLOAD_LIMIT:
        raise EngineError(
            f"The payload of a run has {len(payload)} entries; {PAYLOAD_LIMIT} are allowed.", remedy="Pass ids only."
        )
    for key, value in payload.items():
        check_name(key, "A key of a run's payload")
        if isinstance(value, str):
            if value:
                check_name(value, f"The payload's {key!r}")
        elif isinstance(value, list | dict) or (isinstance(value, float) and not math.isfinite(value)):
            raise EngineError(f"The payload's {key!r} is no id.", remedy="Pass ids only.")


def check_name(name: str, what: str) -> None:
    """Refuse what is no name: empty, long, or with control characters or half a surrogate pair.

    Raises:
        EngineError: It says what is wrong, never the name itself.
    """
    if not name or len(name) > KEY_LIMIT or not name.isprintable():
        raise EngineError(
            f"{what} is not a printable text of 1 to {KEY_LIMIT} characters on one line.",
            remedy="Pass ids: no content, no credentials.",
        )


def _unrecordable(key: str, why: str) -> EngineError:
    return EngineError(
        f"The result of step {key!r} cannot be recorded: {why}.",
        remedy="Return JSON: objects with string keys, arrays, strings, finite numbers, booleans, null.",
    )
