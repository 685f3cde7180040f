"""What an expert remembers of a conversation: turns and tool results, kept in the state of the conversation."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from agentkit.compose.agent import RunContext
from agentkit.models import Json, JsonObject, Role
from agentkit.reasoning import Observation, Utterance, dump_observation, load_observation

LARGEST: Final = 48_000
"""Characters of JSON that are kept of a conversation; the oldest tool results, then the oldest turns are forgotten."""


@dataclass(frozen=True, slots=True)
class Memory:
    """Earlier turns and tool results of a conversation, oldest first."""

    history: tuple[Utterance, ...] = ()
    observations: tuple[Observation, ...] = ()

    @classmethod
    async def read(cls, context: RunContext) -> Memory:
        """What was kept for this agent; what cannot be read is nothing."""
        kept = await context.state.read(_key(context))
        fields = kept if isinstance(kept, dict) else {}
        return cls(
            tuple(_utterance(one) for one in _objects(fields.get("history"))),
            tuple(_observations(fields.get("observations"))),
        )

    async def write(self, context: RunContext) -> None:
        """Keep as much of it as fits, the newest."""
        history: list[Json] = [_turn(one) for one in self.history]
        observations: list[Json] = [dump_observation(one) for one in self.observations]
        sizes = [len(json.dumps(one)) for one in (*observations, *history)]
        size, oldest = sum(sizes), 0
        while size > LARGEST and oldest < len(sizes):
            size -= sizes[oldest]
            oldest += 1
        kept: JsonObject = {
            "history": history[max(0, oldest - len(observations)) :],
            "observations": observations[oldest:],
        }
        await context.state.write(_key(context), kept)


def _key(context: RunContext) -> str:
    return f"{'/'.join(context.path)}/expert"


def _objects(kept: Json) -> Sequence[JsonObject]:
    return [one for one in kept if isinstance(one, dict)] if isinstance(kept, list) else []


def _observations(kept: Json) -> Iterable[Observation]:
    for one in kept if isinstance(kept, list) else []:
        observation = load_observation(one, current=False)
        if observation is not None:
            yield observation


def _turn(said: Utterance) -> JsonObject:
    return {"role": said.role.value, "text": said.text, "expert": said.expert, "asks": said.asks}


def _utterance(fields: Mapping[str, Json]) -> Utterance:
    role = Role.USER if fields.get("role") == Role.USER.value else Role.AGENT
    return Utterance(role, _text(fields, "text") or "", _text(fields, "expert"), fields.get("asks") is True)


def _text(fields: Mapping[str, Json], key: str) -> str | None:
    value = fields.get(key)
    return value if isinstance(value, str) else None
