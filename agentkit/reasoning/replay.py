"""Recording what a reasoner decides, and deciding the same again without it."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Final

from anyio import Lock, to_thread

from agentkit.errors import CassetteMismatch, ConfigurationError
from agentkit.reasoning.cassette import Cassette, Decision, Fingerprint, fingerprint
from agentkit.reasoning.protocol import Act, Reasoner, Situation


class RecordingReasoner:
    """Decides as another reasoner does and keeps each decision.

    Attributes:
        cassette: What was recorded.
    """

    def __init__(self, inner: Reasoner, cassette: Cassette, *, path: Path | None = None) -> None:
        """Record what `inner` decides; with a path the whole cassette is written there after each decision."""
        self._inner = inner
        self.cassette: Final = cassette
        self._path = path
        self._writing = Lock()

    async def decide(self, situation: Situation) -> Act:
        """What the other one decides.

        Raises:
            CassetteError: The cassette is full.
        """
        act = await self._inner.decide(situation)
        self.cassette.add(situation, act)
        if self._path is not None:
            async with self._writing:
                await to_thread.run_sync(self.cassette.write, self._path)
        return act


class ReplayReasoner:
    """Decides what was recorded for the same situation, in any order and as often as asked.

    Where one situation was decided upon several times, the decisions come in their order, the last one for good.
    """

    def __init__(self, cassette: Cassette, *, ignoring: Collection[str] = ()) -> None:
        """Take the cassette.

        Args:
            cassette: What was recorded.
            ignoring: Fields of the situation that may differ, for example `instructions` after a change of a prompt.

        Raises:
            ConfigurationError: A situation has no such field.
        """
        known = fingerprint(Situation(""))
        foreign = sorted(set(ignoring) - known.keys())
        if foreign:
            raise ConfigurationError(
                "ignoring", f"a situation has no {', '.join(foreign)}.", remedy=f"It has {', '.join(known)}."
            )
        self._compared: Final = tuple(name for name in known if name not in ignoring)
        self._recorded: dict[tuple[str, ...], list[Decision]] = {}
        for decision in cassette.decisions:
            self._recorded.setdefault(self._key(decision.fingerprint), []).append(decision)

    async def decide(self, situation: Situation) -> Act:
        """What was decided in the same situation.

        Raises:
            CassetteMismatch: Nothing was; it names the fields in which the most similar situation differs.
        """
        asked = fingerprint(situation)
        held = self._recorded.get(self._key(asked))
        if held is None:
            raise CassetteMismatch(self._differing(asked))
        return held.pop(0).act if len(held) > 1 else held[0].act

    def _key(self, of: Fingerprint) -> tuple[str, ...]:
        return tuple(of[name] for name in self._compared)

    def _differing(self, asked: Fingerprint) -> tuple[str, ...]:
        wanted = self._key(asked)
        differing = [
            tuple(name for name, one, other in zip(self._compared, wanted, key, strict=True) if one != other)
            for key in self._recorded
        ]
        return min(differing, key=len, default=())
