"""Messages, tasks and contexts (V1-EP-07, V1-EP-09 to V1-EP-11)."""

from __future__ import annotations

from starlette.responses import Response

from agentkit.compose import Caller
from agentkit.credentials import Token, extract
from agentkit.errors import CredentialError
from agentkit.models import Message
from agentkit.platform.agents.record import AgentRecord, Ownership
from agentkit.platform.answers import json_answer
from agentkit.platform.orchestration.orchestrator import Orchestrator, Workshop
from agentkit.platform.requests import check_id, path_id, query_number, query_page, read_json
from agentkit.platform.v1.gate import Call
from agentkit.specs import Authorization
from agentkit.wire import v1


async def send(call: Call) -> Response:
    """POST /agents/{agent}/v1/message:send (V1-EP-07)."""
    record = await call.agent()
    request = v1.decode_send(await read_json(call.request, call.services.settings.limits))
    message = _checked(request.message)
    await require_inherited(call.services.workshop, record, message, call.caller)
    first = message.context_id is None and message.task_id is None
    answer = await call.services.tasks.send(
        Orchestrator(call.services.workshop, record, first=first),
        message,
        call.caller,
        agent_id=record.id,
        blocking=request.blocking,
        history_length=request.history_length,
        metadata=request.metadata,
    )
    return json_answer(v1.encode_send_answer(answer))


async def task(call: Call) -> Response:
    """GET /agents/{agent}/v1/tasks/{task} (V1-EP-09)."""
    record = await call.agent()
    task_id = path_id(call.request, "task")
    length = query_number(call.request, "historyLength", least=0)
    found = await call.services.tasks.get(task_id, call.caller, agent_id=record.id, history_length=length)
    return json_answer(v1.encode_task(found))


async def context(call: Call) -> Response:
    """GET /agents/{agent}/v1/contexts/{context} (V1-EP-10)."""
    record = await call.agent()
    context_id = path_id(call.request, "context")
    limit, offset = query_page(call.request)
    found = await call.services.tasks.context(context_id, call.caller, agent_id=record.id, limit=limit, offset=offset)
    return json_answer(v1.encode_context(found))


async def delete_context(call: Call) -> Response:
    """DELETE /agents/{agent}/v1/contexts/{context} (V1-EP-11)."""
    record = await call.agent()
    context_id = path_id(call.request, "context")
    await call.services.tasks.delete_context(context_id, call.caller, agent_id=record.id)
    return Response(status_code=204)


async def require_inherited(workshop: Workshop, record: AgentRecord, message: Message, caller: Caller) -> None:
    """Refuse before a task is made what an `inherit` server could never get (MCPAUTH-05, MCPAUTH-11).

    Raises:
        CredentialError: `missing_inherited_token`, or what is wrong with a part.
    """
    if caller.bearer:
        return
    _, given = extract(message)
    plan = await workshop.planner.plan(Ownership.of(caller), record)
    for server in plan.all_servers():
        inherits = server.info.authorization_type == Authorization.INHERIT
        if inherits and not isinstance(given.get(server.name), Token):
            raise CredentialError(
                "missing_inherited_token",
                f"The MCP server {server.name!r} inherits the caller's token, and the request has none.",
                mcp_name=server.name,
                remedy="Send the request with a bearer token, or give a token for the server.",
            )


def _checked(message: Message) -> Message:
    """Ids as the server makes them (V1-ID-01)."""
    ids = {
        key: check_id(value, name)
        for key, name, value in (
            ("context_id", "contextId", message.context_id),
            ("task_id", "taskId", message.task_id),
        )
        if value is not None
    }
    return message.model_copy(update=ids) if ids else message
