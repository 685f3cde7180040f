"""Feedback on tasks (V2-EP-24, V2-EP-25, V2-OBJ-20)."""

from __future__ import annotations

from starlette.responses import Response

from agentkit.models import new_id
from agentkit.platform.answers import json_answer
from agentkit.platform.problems import Problem
from agentkit.platform.requests import read_json
from agentkit.platform.v2.contexts import task_of
from agentkit.platform.v2.gate import Call
from agentkit.platform.v2.ids import Kind, bare_id, shown_id
from agentkit.tasks import Scope
from agentkit.wire import v2


async def create(call: Call) -> Response:
    """POST /contexts/{context}/tasks/{task}/feedback (V2-EP-24)."""
    scope, context_id, task_id = await _task(call)
    services = call.services
    spec = v2.decode_create_feedback(await read_json(call.request, services.settings.limits.bounds))
    bare = new_id()
    feedback_id = shown_id(Kind.FEEDBACK, bare)
    shown = v2.encode_feedback(
        spec, feedback_id=feedback_id, task_id=shown_id(Kind.TASK, task_id), created=services.settings.clock()
    )
    if not await services.feedback.add(scope, context_id, task_id, bare, shown):
        raise Problem(
            409, "feedback_full", "The task has as much feedback as it may have.", how_to_fix="Delete some of it first."
        )
    place = f"contexts/{shown_id(Kind.CONTEXT, context_id)}/tasks/{shown_id(Kind.TASK, task_id)}/feedback/{feedback_id}"
    url = f"{services.settings.url.rstrip('/')}/v2/agentic/{place}"
    return json_answer(shown, 201, {"Location": url})


async def page(call: Call) -> Response:
    """GET /contexts/{context}/tasks/{task}/feedback: the caller's own, newest first, all of it (V2-EP-24)."""
    scope, context_id, task_id = await _task(call)
    return json_answer({"feedbacks": [*await call.services.feedback.listed(scope, context_id, task_id)]})


async def delete(call: Call) -> Response:
    """DELETE .../feedback/{feedback}: again and again (V2-EP-25)."""
    scope, context_id, task_id = await _task(call)
    feedback_id = bare_id(Kind.FEEDBACK, str(call.request.path_params["feedback"]))
    if feedback_id is not None:
        await call.services.feedback.delete(scope, context_id, task_id, feedback_id)
    return Response(status_code=204)


async def delete_all(call: Call) -> Response:
    """DELETE .../feedback: all of the caller's on the task, again and again (V2-EP-25, CON-10)."""
    scope, context_id, task_id = await _task(call)
    await call.services.feedback.delete(scope, context_id, task_id, None)
    return Response(status_code=204)


async def _task(call: Call) -> tuple[Scope, str, str]:
    """Scope, context and task of the path, bare.

    Raises:
        Problem: 404, one of them is not there for the caller.
        TaskNotFound: The same.
    """
    scope, task = await task_of(call, 0)
    return scope, task.context_id, task.id
