"""The story of the demonstration; every scene checks what it shows."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import ExitStack, asynccontextmanager
from typing import cast

from agentkit.a2a.client import connect
from agentkit.a2a.standalone import agent_app
from agentkit.cli.demo.chain import handover_chain
from agentkit.cli.demo.credentials import SEARCHED, ways
from agentkit.cli.demo.hops import timed
from agentkit.cli.demo.script import AMBIGUOUS, CONTEXTS, HANDOVER, INTERVIEW, NEXT, RECORD, Line
from agentkit.cli.demo.show import Show
from agentkit.cli.demo.stage import Stage, staged
from agentkit.cli.house import stop_signal
from agentkit.cli.serving import serving
from agentkit.client import AgentHandle
from agentkit.compose import CortiAgent
from agentkit.errors import AgentKitError
from agentkit.models import ArtifactUpdate, Event, Json, JsonObject, Message, StatusUpdate, Task, TaskState


class DemoFailed(AgentKitError):
    """A scene did not turn out as it must."""


async def play(*, keep: bool, show: Show | None = None) -> None:
    """Tell the whole story.

    Args:
        keep: Leave the servers running until SIGINT or SIGTERM.
        show: Where it is told.

    Raises:
        DemoFailed: A scene did not turn out as it must.
        Leaked: A credential was seen where it must not be.
    """
    show = show or Show()
    started = time.perf_counter()
    with ExitStack() as starting:
        starting.enter_context(show.console.status("starting the servers"))
        async with staged() as stage:
            starting.close()
            await scenes(show, stage, keep=keep)
    show.end(time.perf_counter() - started, NEXT)


async def scenes(show: Show, stage: Stage, *, keep: bool = False) -> None:
    """Tell the story on a stage.

    Raises:
        DemoFailed: A scene did not turn out as it must.
        Leaked: A credential was seen where it must not be.
    """
    show.scene("The servers", "Everything runs on this machine; the credentials were made for this run.")
    show.servers(stage)
    show.scene("An agent with two custom experts", "Created over Corti's v1 API; each expert brings its MCP server.")
    with show.console.status("creating the agent"):
        handle = await stage.corti.agents.create(stage.agent)
    show.agent(handle)
    show.scene("Questions about a record", "The credentials ride on the first message of each context and no other.")
    await _converse(show, stage, handle, RECORD)
    show.scene("An ambiguous question", "Two patients share a name: the agent says so and never picks one.")
    await _converse(show, stage, handle, AMBIGUOUS)
    show.scene("A questionnaire", "The other expert; its server takes OAuth 2.0 client credentials.")
    await _converse(show, stage, handle, INTERVIEW)
    show.scene(
        "A chain over A2A",
        f"Sequential: first {handle.name}, then a Python function that writes a note, then somebody who approves it. "
        "It is served as one A2A agent, 1.0 and 0.3, and asked over A2A.",
    )
    async with _served_chain(stage, handle) as url:
        await _ask_chain(show, stage, url)
        show.scene("The credentials", "Where they were seen, from the first request on.")
        await stage.watch.look_in_files("databases", stage.folder)
        show.credentials(ways(stage.watch, CONTEXTS), SEARCHED)
        if keep:
            async with stop_signal() as stop:
                show.kept(stage, handle, url)
                await stop.wait()


async def _converse(show: Show, stage: Stage, agent: AgentHandle, lines: Sequence[Line]) -> None:
    context: str | None = None
    task: str | None = None
    shown = 0
    for line in lines:
        show.said(line.text, fresh=line.fresh)
        stage.choices.begin()
        with show.console.status("the agent works"), timed() as hops:
            reply = await agent.send(
                line.text,
                context=None if line.fresh else context,
                task=task,
                credentials=stage.credentials if line.fresh else (),
            )
        stage.watch.look("answers", reply.answer.model_dump_json())
        steps = _steps(reply.task)
        show.turn(reply, steps[shown:] if task else steps, stage.choices, hops)
        context = reply.context
        task = reply.task.id if reply.task and reply.state is TaskState.INPUT_REQUIRED else None
        shown = len(steps)
        _check(line, reply.state, reply.text)


def _check(line: Line, state: TaskState, text: str) -> None:
    missing = [word for word in line.mentions if word.lower() not in text.lower()]
    if state is not line.state or missing:
        problem = f"ended {state.value}" + (f" without {', '.join(missing)}" if missing else "")
        raise DemoFailed(
            f"The turn {line.text!r} {problem}, expected {line.state.value}.", remedy="Run agentkit doctor."
        )


def _steps(task: Task | None) -> Sequence[JsonObject]:
    report = (task.metadata or {}).get("agentkit") if task else None
    steps = cast("list[Json]", report.get("steps") or []) if isinstance(report, dict) else []
    return [step for step in steps if isinstance(step, dict)]


@asynccontextmanager
async def _served_chain(stage: Stage, agent: AgentHandle) -> AsyncGenerator[str]:
    chain = handover_chain(CortiAgent(agent, credentials=stage.credentials))
    app = agent_app(chain, url=stage.agents.url, database=stage.folder / "agents.db")
    async with serving([(stage.agents, stage.watch.traffic("chain", app))]):
        yield stage.agents.url


async def _ask_chain(show: Show, stage: Stage, url: str) -> None:
    show.chain(url)
    async with connect(url) as client:
        task: str | None = None
        for line in HANDOVER:
            show.said(line.text, fresh=line.fresh)
            final, state = "", TaskState.UNKNOWN
            with timed() as hops:
                async for event in client.stream(Message.user(line.text, task_id=task)):
                    stage.watch.look("events", event.model_dump_json())
                    show.event(_described(event))
                    if isinstance(event, Task):
                        task = event.id
                    elif isinstance(event, StatusUpdate):
                        state = event.status.state
                        final = event.status.message.text if event.status.message else final
            show.hops(hops)
            show.answer("chain", final, state)
            _check(line, state, final)


def _described(event: Event) -> str:
    match event:
        case Task():
            return f"task {event.id} {event.status.state.value}"
        case StatusUpdate():
            return f"status {event.status.state.value}"
        case ArtifactUpdate():
            return f"artifact {event.artifact.name or event.artifact.artifact_id}"
        case Message():
            return "message"
