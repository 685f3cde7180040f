"""Messages, tasks and contexts (V1-EP-07, V1-EP-09 to V1-EP-11)."""

from __future__ import annotations

from typing import Final

from starlette.responses import Response

from agentkit.errors import WireError
from agentkit.models import File, Json, Message, SendRequest
from agentkit.models.base import altered
from agentkit.platform.requests import check_id, path_id, query_number, query_page, read_json
from agentkit.platform.turns import Turns
from agentkit.platform.v1.gate import Call
from agentkit.platform.v1.spelling import shown_context, shown_task
from agentkit.web.answer import Answer, Answered
from agentkit.wire import v1

_JSON: Final = b"application/json"
_NO_FILE: Final = File()


async def send(call: Call) -> Answered:
    """POST /agents/{agent}/v1/message:send (V1-EP-07)."""
    turns = await turns_of(call)
    request = read_send(await read_json(call.request, call.services.settings.limits.bounds))
    return Answer({"task": shown_task(await turns.send(request))}, media_type=_JSON)


async def task(call: Call) -> Answered:
    """GET /agents/{agent}/v1/tasks/{task} (V1-EP-09)."""
    turns = await turns_of(call)
    task_id = path_id(call.request, "task")
    length = query_number(call.request, "historyLength", least=0)
    return Answer(shown_task(await turns.get(task_id, history_length=length)), media_type=_JSON)


async def context(call: Call) -> Answered:
    """GET /agents/{agent}/v1/contexts/{context} (V1-EP-10)."""
    turns = await turns_of(call)
    context_id = path_id(call.request, "context")
    limit, offset = query_page(call.request)
    found = await turns.context(context_id, limit=limit, offset=offset)
    return Answer(shown_context(found), media_type=_JSON)


async def delete_context(call: Call) -> Answered:
    """DELETE /agents/{agent}/v1/contexts/{context} (V1-EP-11)."""
    turns = await turns_of(call)
    await turns.delete_context(path_id(call.request, "context"))
    return Response(status_code=204)


async def turns_of(call: Call) -> Turns:
    """What the caller can do at the agent of the path.

    Raises:
        Problem: 400, the id is no UUID; 404, there is no such agent for the caller (V1-ID-01, V1-ERR-04).
    """
    lifetime = call.services.settings.limits.context_lifetime
    return Turns(call.services, await call.agent(), call.caller, lifetime)


def read_send(body: Json) -> SendRequest:
    """What a send asks for, with ids as the server makes them.

    Raises:
        WireError: A required field is missing, or one does not fit (V1-SEND-10).
        Problem: 400, an id is no UUID (V1-ID-01).
    """
    request = v1.decode_send(body)
    message = _checked(request.message)
    return request if message is request.message else altered(request, {"message": message})


def _checked(message: Message) -> Message:
    for number, part in enumerate(message.parts):
        if part.file is not None:
            _check_file(part.file, f"message.parts[{number}].file")
    ids: dict[str, object] = {
        key: check_id(value, name)
        for key, name, value in (
            ("context_id", "contextId", message.context_id),
            ("task_id", "taskId", message.task_id),
        )
        if value is not None
    }
    return altered(message, ids) if ids else message


def _check_file(file: File, place: str) -> None:
    """Clients read what they get leniently; what nobody could open is not taken in (V1-OBJ-16).

    A part of kind `file` that has no `file` at all is one the API allows.
    """
    if (file.uri is None) == (file.content is None) and file != _NO_FILE:
        raise WireError(place, "value", "must have either uri or bytes")
