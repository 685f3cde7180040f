"""A durable engine in memory that can die at any point, and a caller who talks to an agent over many turns."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Collection
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import cast

import anyio

from agentkit.compose import Agent, ArtifactStore, Caller, Outcome, RunContext, Turn
from agentkit.credentials import NO_CREDENTIALS, Credentials
from agentkit.engine import Effect, Engine, LookUp, Runner, RunStatus, Work
from agentkit.errors import UnknownOutcome
from agentkit.models import Artifact, ArtifactUpdate, Json, JsonObject, Message, StatusUpdate
from tests.deadline import HANG


@dataclass
class Store:
    """What survives a death."""

    begun: set[tuple[str, str]] = field(default_factory=set[tuple[str, str]])
    done: dict[tuple[str, str], str] = field(default_factory=dict[tuple[str, str], str])


class RecordingEngine:
    """Records steps as the real one does; dies at the given point: before, while and after each piece of work."""

    name = "recording"
    durable = True

    def __init__(self, store: Store | None = None, *, dies_at: int | None = None) -> None:
        self.store = store or Store()
        self.points = 0
        self.dead = asyncio.Event()
        self._dies_at = dies_at

    async def step(
        self, run_id: str, key: str, work: Work, *, effect: Effect = "idempotent", look_up: LookUp | None = None
    ) -> Json:
        place = run_id, key
        if place in self.store.done:
            return json.loads(self.store.done[place])
        await self._point()
        if effect != "idempotent" and place in self.store.begun:
            found = await look_up() if effect == "lookup" and look_up is not None else None
            if found is not None:
                return found.result
            if effect == "once":
                raise UnknownOutcome("It was interrupted.", step=key)
        self.store.begun.add(place)
        await self._point()
        result = await work()
        await self._point()
        text = json.dumps(result, allow_nan=False)
        assert json.loads(text) == result
        self.store.done[place] = text
        await self._point()
        return result

    def recorded(self, run_id: str) -> Collection[str]:
        return [key for run, key in self.store.done | dict.fromkeys(self.store.begun) if run == run_id]

    def steps(self, run_id: str) -> list[str]:
        """The same without the digests of what the steps were given."""
        return [key.partition("~")[0] for key in self.recorded(run_id)]

    async def _point(self) -> None:
        self.points += 1
        if self.points == self._dies_at:
            self.dead.set()
        if self.dead.is_set():
            await asyncio.Event().wait()

    async def launch(self, runner: Runner, *, given_up: Runner | None = None) -> None: ...

    async def start(self, run_id: str, payload: JsonObject) -> None: ...

    async def start_at(self, run_id: str, payload: JsonObject, moment: datetime) -> None: ...

    async def wait(self, run_id: str) -> None: ...

    async def cancel(self, run_id: str) -> bool:
        return False

    async def status(self, run_id: str) -> RunStatus:
        return RunStatus.UNKNOWN

    async def adopt_orphans(self) -> int:
        return 0

    async def close(self) -> None: ...


class Talk:
    """A task over its turns, kept as the task service keeps it."""

    def __init__(self, agent: Agent, engine: Engine, *, caller: str = "ann") -> None:
        self.agent = agent
        self.engine = engine
        self.caller = Caller(caller)
        self.turns = 0
        self.last: Outcome | None = None
        self.updates: list[StatusUpdate | ArtifactUpdate] = []
        self._artifacts = ArtifactStore()
        self._message = Message.user("")

    @property
    def artifacts(self) -> dict[str, Artifact]:
        return {artifact.artifact_id: artifact for artifact in self._artifacts.all()}

    async def say(
        self, text: str | None = None, *, data: JsonObject | None = None, credentials: Credentials = NO_CREDENTIALS
    ) -> Outcome:
        """One turn: a message, to its end."""
        message = Message.user(text, data=() if data is None else (data,))
        self._message = message.model_copy(update={"message_id": f"m-{self.turns + 1}"})
        return await self.turn(credentials)

    async def turn(self, credentials: Credentials = NO_CREDENTIALS) -> Outcome:
        """One turn with the last message: after a timer."""
        self.turns += 1
        return await self.again(credentials)

    async def again(self, credentials: Credentials = NO_CREDENTIALS) -> Outcome:
        """The same turn, as it is carried out again after a crash."""
        last = self.last
        context = RunContext(
            "c-1",
            "t-1",
            self.caller,
            self.engine,
            run_id=f"t-1.{self.turns}",
            credentials=credentials,
            resumed=last is not None,
            path=(self.agent.name,),
            continuation=None if last is None else last.continuation,
        )
        turn = Turn(self.agent, self._message, context)
        with anyio.fail_after(HANG):
            async for update in turn.events():
                self.updates.append(update)
                if isinstance(update, ArtifactUpdate):
                    self._artifacts.add(update)
        self.last = _stored(turn.outcome)
        return self.last

    async def until_death(self, engine: RecordingEngine, text: str) -> bool:
        """Say something; True when the engine died over it."""
        self.engine = engine
        before, run = self.last, asyncio.create_task(self.say(text))
        death = asyncio.create_task(engine.dead.wait())
        with anyio.fail_after(HANG):
            await asyncio.wait((run, death), return_when=asyncio.FIRST_COMPLETED)
            died = not run.done()
            for task in (run, death):
                task.cancel()
            await asyncio.wait((run, death))
        if died:
            self.last = before
        return died


def _stored(outcome: Outcome) -> Outcome:
    """What comes back from a database."""
    left = outcome.continuation
    return replace(outcome, continuation=None if left is None else cast(JsonObject, json.loads(json.dumps(left))))
