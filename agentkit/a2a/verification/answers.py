"""Does the agent answer? One harmless text is sent, only where the caller of the verification allows it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import aclosing
from typing import Final

from agentkit.a2a.card import IDEMPOTENT_SEND_EXTENSION
from agentkit.a2a.verification.endpoint import Endpoint, EndpointGroup
from agentkit.errors import RemoteAgentError, TaskError, TaskNotCancelable
from agentkit.mcp.verification.checking import Problem, Skip
from agentkit.mcp.verification.report import Verdict
from agentkit.models import Event, Message, SendRequest, Task

ANSWERS: Final = EndpointGroup("answers", needs=("auth.let-in",))

_MOST_EVENTS: Final = 10_000
_UNASKED: Final = "nothing was sent: allow it with --ask TEXT"


@ANSWERS.check(
    "answers.send",
    "A text is answered",
    "Check the agent's own log.",
    "A2A-SEND-02",
)
async def send(endpoint: Endpoint) -> Sequence[Problem]:
    """A task that settled without failure, or a message."""
    if endpoint.ask is None:
        raise Skip(_UNASKED)
    request = endpoint.seen.request = SendRequest(message=Message.user(endpoint.ask))
    clock = asyncio.get_running_loop().time
    began = clock()
    answer = await endpoint.channel.send(request, None)
    endpoint.took("answer", clock() - began)
    if isinstance(answer, Message):
        return []
    endpoint.seen.task = answer
    state = answer.status.state
    if not state.is_settled:
        return [Problem(f"the answer comes before the task has settled: it is {state.value}")]
    if state.is_terminal and state.value != "completed":
        return [Problem(f"the task ended {state.value}")]
    if not answer.context_id:
        return [Problem("the task has no contextId")]
    return [] if answer.text or answer.artifacts else [Problem("the answer is empty", severity=Verdict.WARNING)]


@ANSWERS.check("answers.get", "The task can be read", "Keep tasks.", "A2A-SEND-08", needs=("answers.send",))
async def get(endpoint: Endpoint) -> Sequence[Problem]:
    """With the same id and context."""
    task = _task(endpoint)
    read = await endpoint.channel.get(task.id, None)
    same = (read.id, read.context_id) == (task.id, task.context_id)
    return [] if same else [Problem("it comes back with another id or context")]


@ANSWERS.check(
    "answers.list",
    "The task is listed in its context",
    "Offer ListTasks with the filter contextId.",
    "A2A-LIST-01",
    "A2A-LIST-05",
    warning=True,
    needs=("answers.send",),
)
async def listed(endpoint: Endpoint) -> Sequence[Problem]:
    """On the first page."""
    task = _task(endpoint)
    page = await endpoint.channel.list_tasks(task.context_id, "", None)
    return [] if any(one.id == task.id for one in page.tasks) else [Problem("it is not among its context's tasks")]


@ANSWERS.check(
    "answers.repeat",
    "The same message sent again leads to the same task",
    "Attach a repeated messageId to its task: Corti tries again when a connection breaks.",
    "A2A-SEND-09",
    warning=True,
    needs=("answers.send",),
)
async def repeat(endpoint: Endpoint) -> Sequence[Problem]:
    """Only where the card promises it: otherwise it would ask the agent a second time."""
    if IDEMPOTENT_SEND_EXTENSION not in endpoint.card.extensions:
        return [Problem("the card does not promise it, so it was not tried")]
    task, request = _task(endpoint), endpoint.seen.request
    again = None if request is None else await endpoint.channel.send(request, None)
    same = isinstance(again, Task) and again.id == task.id
    return [] if same else [Problem("it leads to another task", severity=Verdict.ERROR)]


@ANSWERS.check(
    "answers.ended",
    "A task that has ended takes no message and cannot be cancelled",
    "Answer UnsupportedOperation (-32004) and TaskNotCancelable (-32002).",
    "A2A-SEND-04",
    "A2A-CAN-01",
    needs=("answers.send",),
)
async def ended(endpoint: Endpoint) -> Sequence[Problem]:
    """Both refused."""
    task = _task(endpoint)
    if not task.status.state.is_terminal:
        raise Skip(f"the task is {task.status.state.value}")
    problems: list[Problem] = []
    other = "another message is refused by another error"
    more = Message.user(endpoint.ask, task_id=task.id, context_id=task.context_id)
    try:
        await endpoint.channel.send(SendRequest(message=more), None)
        problems.append(Problem("another message to it is taken"))
    except RemoteAgentError as error:
        if error.reason != "UNSUPPORTED_OPERATION":
            problems.append(Problem(other, severity=Verdict.WARNING))
    except TaskError:
        problems.append(Problem(other, severity=Verdict.WARNING))
    try:
        await endpoint.channel.cancel(task.id, None)
        problems.append(Problem("it can be cancelled"))
    except TaskNotCancelable:
        pass
    return problems


@ANSWERS.check(
    "answers.follow-up",
    "An answer by taskId alone continues the task that asks",
    "Take context and agent from the task.",
    "A2A-CTX-03",
    needs=("answers.send",),
)
async def follow_up(endpoint: Endpoint) -> Sequence[Problem]:
    """Only where the agent asks back, and then it is cancelled in the end."""
    task = _task(endpoint)
    if not task.status.state.is_interrupted:
        raise Skip("the agent did not ask back")
    answer = await endpoint.channel.send(SendRequest(message=Message.user(endpoint.ask, task_id=task.id)), None)
    if not isinstance(answer, Task) or answer.id != task.id:
        return [Problem("it leads to another task")]
    endpoint.seen.task = answer
    return [] if answer.context_id == task.context_id else [Problem("it leads to another context")]


@ANSWERS.check(
    "answers.stream",
    "Streams are what the card says of them",
    "Say streaming: false, or begin a stream with the task or one message and end it with the last state.",
    "A2A-STR-01",
    "A2A-STR-02",
    needs=("answers.send",),
)
async def stream(endpoint: Endpoint) -> Sequence[Problem]:
    """A task first, a settled state last; refused where the card says that there are none (A2A-CARD-08)."""
    request = SendRequest(message=Message.user(endpoint.ask))
    events: list[Event] = []
    try:
        async with aclosing(endpoint.channel.stream(request, None)) as stream:
            async for event in stream:
                if len(events) >= _MOST_EVENTS:
                    return [Problem(f"a stream has more than {_MOST_EVENTS} events")]
                events.append(event)
    except RemoteAgentError as error:
        if not endpoint.card.streaming and error.reason == "UNSUPPORTED_OPERATION":
            return []
        raise
    if not endpoint.card.streaming:
        return [Problem("the card says that there are none, and there are", severity=Verdict.WARNING)]
    if not events:
        return [Problem("a stream is empty")]
    return _misfits(events)


def _misfits(events: Sequence[Event]) -> list[Problem]:
    first, last = events[0], events[-1]
    if isinstance(first, Message):
        return [] if len(events) == 1 else [Problem("more follows behind a message")]
    problems = [] if isinstance(first, Task) else [Problem("a stream does not begin with its task")]
    status = getattr(last, "status", None)
    if status is None or not status.state.is_settled:
        problems.append(Problem("a stream ends before its task has settled"))
    return problems


def _task(endpoint: Endpoint) -> Task:
    if endpoint.seen.task is None:
        raise Skip("the agent answered with a message and no task")
    return endpoint.seen.task
