"""The places of a workflow's steps: a key for each, given out in order, and what is recorded under it."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, replace
from typing import Final, TypeVar

from agentkit.compose.agent import RunContext
from agentkit.compose.outcome import Outcome
from agentkit.compose.workflow.journal import Entry, Journal, Kind
from agentkit.compose.workflow.progress import Progress, forever
from agentkit.errors import AgentKitError, EngineError

T = TypeVar("T")

_KEY: Final = re.compile(r"(?!\d+\Z)[\w-]{1,64}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Slot:
    """The place of one step.

    Attributes:
        key: Names it in the run.
        label: The last piece of the key, for ids of artifacts.
        number: How many were given out before it.
        ordinal: Which call of this name it is.
        child: The context of what is executed.
        new: What the step is, before anything came of it.
        done: What came of it before.
        left: What it waited for at the end of the turn before.
        is_asked: The caller has answered it.
        is_replay: An earlier process recorded it, or something inside it, in this very turn.
    """

    key: str
    label: str
    number: int
    ordinal: int
    child: RunContext
    new: Entry
    done: Entry | None
    left: Outcome | None
    is_asked: bool
    is_replay: bool


class Slots:
    """Gives out slots, and lets nothing new happen while what is recorded has not been asked for.

    Attributes:
        refusal: Why the function must not go on.
    """

    def __init__(self, journal: Journal, progress: Progress, context: RunContext, most: int) -> None:
        """Begin a turn of the workflow that has this journal.

        Args:
            journal: What is remembered from earlier turns.
            progress: What the branches are doing.
            context: Of the workflow.
            most: So many steps may a turn ask for.
        """
        self.refusal: AgentKitError | None = None
        self._journal = journal
        self._progress = progress
        self._context = context
        self._most = most
        self._counts = Counter[str]()
        self._keys = set[str]()
        self._recorded = _recorded(context)

    @property
    def unclaimed(self) -> str | None:
        """A key that is recorded, and that the function has not asked for in this turn; None where there is none."""
        return next(iter(self._journal.unclaimed), None) or next(iter(self._recorded), None)

    @property
    def is_replay(self) -> bool:
        """Steps that an earlier process recorded in this very turn have not been asked for yet."""
        return bool(self._recorded)

    def take(
        self,
        name: str,
        kind: Kind,
        of: str | None = None,
        explicit: str | None = None,
        *,
        given: str = "",
        is_composite: bool = False,
    ) -> Slot:
        """The next slot of a name; `given` is a digest of what goes in.

        Raises:
            EngineError: The key that was given is no key.
        """
        if explicit is not None and not _KEY.fullmatch(explicit):
            raise EngineError(
                "The key of a step is no key.", remedy="Use up to 64 letters, digits, - and _; not digits alone."
            )
        self._counts[name] += 1
        ordinal = self._counts[name]
        # A composite always says which call this is: its leaves may be called several times in each.
        mark: tuple[int | str, ...] = (explicit,) if explicit else (ordinal,) if ordinal > 1 or is_composite else ()
        child = self._context.child(name, resumed=False)
        child = replace(child, rounds=(*child.rounds, *mark), given=(*child.given, given) if given else child.given)
        label = f"{name}#{explicit or ordinal}" if explicit or ordinal > 1 else name
        key, new = child.step_key, Entry(kind, of, given=given)
        if key in self._keys:
            self.refuse(EngineError(f"Two steps have the key {key}.", remedy="Give each step a key of its own."))
        self._keys.add(key)
        if len(self._keys) > self._most:
            self.refuse(EngineError(f"A turn asked for more than {self._most} steps.", remedy="End the loop."))
        done = left = None
        try:
            done, left = self._journal.claim(key, new)
        except AgentKitError as error:
            self.refuse(error)
        is_replay = self._claim(key, new, is_composite=is_composite)
        if self.unclaimed is None:
            self._progress.release()
        return Slot(key, label, len(self._keys), ordinal, child, new, done, left, self._journal.asked == key, is_replay)

    def _claim(self, key: str, new: Entry, *, is_composite: bool) -> bool:
        """Take a step, or all inside it, off what an earlier process recorded; False when nothing was recorded."""
        inside = [one for one in self._recorded if _covers(key, one)] if is_composite else []
        found = [one for one in (key, *inside) if one in self._recorded]
        place = len(self._context.given)
        for one in found:
            given = self._recorded.pop(one)[place : place + 1]
            if new.given and given and given != (new.given,):
                self.refuse(self._journal.differs(key, new.kind))
        return bool(found)

    def refuse(self, error: AgentKitError) -> None:
        """Let the function go no further; not raised into it, since it could be caught there."""
        self.refusal = self.refusal or error
        self._progress.beat()

    async def guarded(self, slot: Slot, body: Callable[[], Coroutine[None, None, T]]) -> T:
        """Carry out an operation, unless nothing may happen any more."""
        with self._progress.present():
            if self._progress.closed:
                # A function that goes on after it was stopped, for example in `finally`; it must not spin.
                await asyncio.sleep(0)
                raise asyncio.CancelledError
            if self.refusal is not None or (slot.done is not None and slot.done.is_abandoned):
                await forever()
            try:
                return await body()
            except asyncio.CancelledError:
                if not self._progress.closed:
                    self._journal.finish(slot.key, replace(slot.new, is_abandoned=True))
                raise

    async def permission(self, slot: Slot) -> None:
        """Wait until all that is recorded has been asked for: only then is it sure that the function is the same."""
        while (self.unclaimed is not None and not slot.is_replay) or self.refusal is not None:
            await self._progress.hold()


def _recorded(context: RunContext) -> dict[str, tuple[str, ...]]:
    """What an earlier process recorded in this very turn, before it died: keys, and digests of what was given."""
    if context.in_step:
        return {}
    recorded = context.tally.recorded(context.engine, context.run_id or context.task_id)
    return {key: given for key, given in recorded.items() if _covers(context.step_key, key)}


def _covers(key: str, recorded: str) -> bool:
    """Whether a recorded key is that of a step inside the composite with the other key.

    An agent inside a wrapper has the path of the wrapper; the number of the call tells that it is inside.
    """
    (path, _, rounds), (inner, _, inside) = key.partition("#"), recorded.partition("#")
    return (inner == path or inner.startswith(f"{path}/")) and (not rounds or f"{inside}.".startswith(f"{rounds}."))
