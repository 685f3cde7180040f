"""An expert, asked directly: what can be chained, nested and served like any other agent."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from typing import TYPE_CHECKING, Final, TypedDict, Unpack, cast

from agentkit.compose.agent import RunContext
from agentkit.compose.expert.memory import Memory
from agentkit.compose.named import Named
from agentkit.compose.outcome import status_update, surfaced
from agentkit.compose.usage import Usage, charged
from agentkit.credentials import Credential, is_auth_part
from agentkit.engine import Effect
from agentkit.errors import AgentKitError, SpecError
from agentkit.experts import CallStarted, Expert, SessionOptions, WorkerResult, WorkerState
from agentkit.models import (
    AgentSkill,
    Artifact,
    ArtifactUpdate,
    Event,
    Json,
    JsonObject,
    Message,
    Part,
    StatusUpdate,
    TaskState,
)
from agentkit.reasoning import Reasoner

if TYPE_CHECKING:
    from agentkit.mcp import McpAuth
    from agentkit.mcp.client.pool import HttpPool

TOOL_KEY: Final = "agentkit.tool"
"""Where in the metadata of a `working` update stand server and name of the tool that is about to be called."""

MISSING_KEY: Final = "agentkit.missing"
"""Where in the metadata of a question stand the arguments it is about."""


class ExpertAgentOptions(TypedDict, total=False):
    """How the expert is asked, as `agentkit.experts.SessionOptions` explains it.

    Attributes:
        reasoner: Decides; the rules where none is given.
        url: The address of its MCP server; left out, its own server is called in this process.
        auth: What authorizes calls to that address where the caller brings nothing for the server.
        http: The connection pool for it.
        timeout: Seconds a call to that address may take.
        max_steps: The most tool calls for one message.
    """

    reasoner: Reasoner | None
    url: str | None
    auth: McpAuth | Credential | None
    http: HttpPool | None
    timeout: float
    max_steps: int


class ExpertAgent(Named):
    """An expert without an agent at Corti: its prompt, a reasoner and the tools of its server.

    What was said and found in a conversation is remembered in the conversation's state, per caller, so that follow-up
    questions work, after a restart too. Its results come up as artifact `results`, each tool call as a `working` update
    that names the tool. A question back is `input-required`, what it cannot do `rejected`; a server that wants another
    credential is `auth-required` with the server's name, and the credential given continues with the same question.
    Cancellation stops the tool call.

    Attributes:
        mcp_names: Its server where that has an address, and no other; tools of this process need no credential.
    """

    def __init__(
        self,
        expert: Expert,
        *,
        name: str | None = None,
        description: str | None = None,
        effect: Effect | None = None,
        clock: Callable[[], float] = time.monotonic,
        **options: Unpack[ExpertAgentOptions],
    ) -> None:
        """Wrap an expert.

        Args:
            expert: Whom to ask.
            name: In place of the expert's name.
            description: In place of the expert's description.
            effect: What asking twice would do; by default `idempotent` where its tools are known to change nothing
                (tools of its own, or an installed server that was loaded), else `once`.
            clock: Measures how long a turn takes, in seconds.
            options: How to ask it; see `ExpertAgentOptions`.

        Raises:
            SpecError: It is no expert, has no tools, or an option does not fit.
        """
        if effect not in (None, "idempotent", "once"):
            raise SpecError("ExpertAgent.effect", "must be idempotent or once: an expert cannot be asked what it did")
        _require_expert(expert)
        self._expert = expert
        self._options = options
        self._name = name or expert.name
        self._description = description or expert.description
        self._effect: Effect | None = effect
        self._clock = clock
        self.mcp_names: Final = frozenset((expert.server_name,)) if options.get("url") else frozenset[str]()
        expert.session(**cast("SessionOptions", options))  # looks at the options

    @property
    def skills(self) -> tuple[AgentSkill, ...]:
        """One skill: the expert, tagged with its own tools, or with the installed server it uses."""
        # Not with the tools of an installed server: a card must not tell whether that was used before.
        installed, server = self._expert.installed_server, self._expert.loaded_server
        tools = (installed,) if installed else () if server is None else server.tool_names
        skill = AgentSkill(id=self._name, name=self._name, description=self._description, tags=("expert", *tools))
        return (skill,)

    @property
    def effect(self) -> Effect:
        """What asking twice would do."""
        if self._effect is not None:
            return self._effect
        server = None if self._options.get("url") else self._expert.loaded_server
        return "idempotent" if server is not None and server.is_read_only else "once"

    async def run(self, message: Message, context: RunContext) -> AsyncGenerator[Event]:
        """Do one turn with the expert.

        Raises:
            McpAuthRequired: Its server wants another credential, or any.
            AgentKitError: The message says nothing, or the reasoner cannot go on.
        """
        began = self._clock()
        memory = await Memory.read(context)
        # A caller's credentials were taken out at the border: what looks like one now was made up by another agent.
        said = message.model_copy(update={"parts": tuple(part for part in message.parts if not is_auth_part(part))})
        result: WorkerResult | None = None
        async with self._expert.session(**self._session_options(memory, context)) as session:
            async with aclosing(session.run(said)) as events:
                async for event in events:
                    if isinstance(event, CallStarted):
                        tool: JsonObject = {"server": event.server, "tool": event.tool}
                        yield status_update(context, TaskState.WORKING, None, {TOOL_KEY: tool})
                    elif isinstance(event, WorkerResult):
                        result = event
            memory = Memory(session.history, session.observations)
        if result is None:
            raise AgentKitError(f"The expert {self._expert.name} ended without a result.")
        await memory.write(context)
        if result.data:
            yield _results(result.data, context)
        yield charged(_end(result, message, context), Usage(seconds=self._clock() - began))

    async def cancel(self, context: RunContext) -> None:
        """Nothing goes on elsewhere: the tool call was cancelled with the run."""

    def _session_options(self, memory: Memory, context: RunContext) -> SessionOptions:
        options = cast("SessionOptions", {**self._options})
        options["history"], options["observations"] = memory.history, memory.observations
        if self.mcp_names and self._expert.server_name in context.credentials:
            options["auth"] = context.credentials[self._expert.server_name]
        return options


def _results(data: tuple[Json, ...], context: RunContext) -> ArtifactUpdate:
    artifact = Artifact(artifact_id="results", parts=tuple(Part(data=value) for value in data))
    return ArtifactUpdate(task_id=context.task_id, context_id=context.context_id, artifact=artifact)


def _end(result: WorkerResult, message: Message, context: RunContext) -> StatusUpdate:
    said = Message.agent(result.text, context_id=context.context_id, task_id=context.task_id)
    if result.state is WorkerState.INPUT_REQUIRED:
        missing: JsonObject | None = {MISSING_KEY: [*result.missing]} if result.missing else None
        return status_update(context, TaskState.INPUT_REQUIRED, said, missing)
    if result.state is WorkerState.FAILED:
        return surfaced(result.error or AgentKitError(result.text), message, context)
    return status_update(context, TaskState.REJECTED if result.declined else TaskState.COMPLETED, said)


def _require_expert(given: object) -> None:
    if isinstance(given, Expert):
        return
    if isinstance(given, str):
        raise SpecError("ExpertAgent.expert", "is a str", remedy=f'Give load_expert("{given}") of agentkit.experts.')
    raise SpecError("ExpertAgent.expert", f"is a {type(given).__name__}", remedy="Give an Expert.")
