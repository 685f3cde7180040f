"""Contexts with their tasks and artifacts (V2-EP-18 to V2-EP-20, V2-EP-22, V2-EP-23)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final, cast

from starlette.requests import Request
from starlette.responses import Response

from agentkit.models import Context, Json, JsonObject, Task
from agentkit.platform.answers import json_answer
from agentkit.platform.requests import query_number
from agentkit.platform.shortfalls import Shortfall
from agentkit.platform.v2.gate import Call
from agentkit.platform.v2.ids import Kind, bare_id, shown_id
from agentkit.platform.v2.paging import bad_query, page_token, read_page
from agentkit.platform.v2.problems import unknown
from agentkit.platform.v2.spelling import Spelling
from agentkit.tasks import Scope
from agentkit.tasks.contexts import ContextFilter, KnownContext
from agentkit.wire import v2

_LISTING: Final = "contexts"
_TASKS: Final = "tasks"


async def page(call: Call) -> Response:
    """GET /contexts: the caller's, those opened last first (V2-EP-18)."""
    wanted = read_page(call.request, _LISTING)
    chosen = ContextFilter(_query_agent(call.request), query_time(call.request, "from"), query_time(call.request, "to"))
    services, own = call.services, call.ownership
    if services.settings.falls_short(Shortfall.CONTEXT_LIST):
        return json_answer(v2.encode_page("contexts", (), None))
    before = wanted.number or None
    found = await services.contexts.page(own.tenant, own.owner, chosen, limit=wanted.size + 1, before=before)
    shown = found[: wanted.size]
    token = page_token(_LISTING, str(shown[-1].number)) if len(found) > wanted.size else None
    return json_answer(v2.encode_page("contexts", (_shown(context) for context in shown), token))


async def get(call: Call) -> Response:
    """GET /contexts/{context}: with its tasks, oldest first, and what was said (V2-EP-19)."""
    length = query_number(call.request, "historyLength", least=0)
    context_id, own = call.path_id("context", Kind.CONTEXT), call.ownership
    known = await call.services.contexts.find(own.tenant, own.owner, context_id)
    if known is None:
        raise unknown(Kind.CONTEXT)
    found = await call.services.tasks.context(context_id, call.caller, agent_id=known.agent_id, history_length=length)
    tasks: list[Json] = [Spelling.of(call.services.settings).task(task) for task in found.tasks]
    return json_answer({**_shown(known), "tasks": tasks})


async def delete(call: Call) -> Response:
    """DELETE /contexts/{context}: for good (V2-EP-20)."""
    scope, context_id = await scope_of(call)
    await call.services.tasks.delete_context(context_id, call.caller, agent_id=scope.agent_id)
    return Response(status_code=204)


async def tasks(call: Call) -> Response:
    """GET /contexts/{context}/tasks: oldest first (V2-EP-22)."""
    wanted = read_page(call.request, _TASKS)
    length = query_number(call.request, "historyLength", least=0)
    scope, context_id = await scope_of(call)
    offset = wanted.number
    found = await call.services.tasks.context(
        context_id,
        call.caller,
        agent_id=scope.agent_id,
        limit=wanted.size + 1,
        offset=offset,
        history_length=length,
    )
    shown = found.tasks[: wanted.size]
    token = page_token(_TASKS, str(offset + wanted.size)) if len(found.tasks) > wanted.size else None
    return json_answer(
        v2.encode_page("tasks", (Spelling.of(call.services.settings).task(task) for task in shown), token)
    )


async def task(call: Call) -> Response:
    """GET /contexts/{context}/tasks/{task} (V2-EP-22)."""
    length = query_number(call.request, "historyLength", least=0)
    _, found = await task_of(call, length)
    return json_answer(Spelling.of(call.services.settings).task(found))


async def artifact(call: Call) -> Response:
    """GET /contexts/{context}/tasks/{task}/artifacts/{artifact} (V2-EP-23)."""
    _, found = await task_of(call, 0)
    given = str(call.request.path_params["artifact"])
    for number, made in enumerate(found.artifacts):
        if made.artifact_id in {given, bare_id(Kind.ARTIFACT, given)}:
            shown = cast("list[JsonObject]", Spelling.of(call.services.settings).task(found)["artifacts"])
            return json_answer(shown[number])
    raise unknown(Kind.ARTIFACT)


async def scope_of(call: Call) -> tuple[Scope, str]:
    """In which scope the context of the path is, and its bare id.

    Raises:
        Problem: 404, the caller has no such context; whether somebody else has, nobody hears.
    """
    context_id, own = call.path_id("context", Kind.CONTEXT), call.ownership
    scope = await call.services.contexts.scope(own.tenant, own.owner, context_id)
    if scope is None:
        raise unknown(Kind.CONTEXT)
    return scope, context_id


async def task_of(call: Call, history_length: int | None) -> tuple[Scope, Task]:
    """The task of the path, in the context of the path.

    Raises:
        Problem: 404, the context is not there for the caller.
        TaskNotFound: The task is not there, or in another context.
    """
    scope, context_id = await scope_of(call)
    task_id = call.path_id("task", Kind.TASK)
    found = await call.services.tasks.get(task_id, call.caller, agent_id=scope.agent_id, history_length=history_length)
    if found.context_id != context_id:
        raise unknown(Kind.TASK)
    return scope, found


def query_time(request: Request, name: str) -> datetime | None:
    """A time of the query in UTC, None when absent; without zone it is UTC.

    Raises:
        Problem: 400, it is none.
    """
    text = request.query_params.get(name)
    if text is None:
        return None
    try:
        time = datetime.fromisoformat(text)
        return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
    except (ValueError, OverflowError):
        raise bad_query(name, "must be a time in ISO 8601, for example 2026-01-31T12:00:00Z") from None


def _query_agent(request: Request) -> str | None:
    text = request.query_params.get("agentId")
    bare = None if text is None else bare_id(Kind.AGENT, text)
    if text is not None and bare is None:
        raise bad_query("agentId", "must be the id of an agent")
    return bare


def _shown(known: KnownContext) -> JsonObject:
    return v2.encode_context(
        Context(
            id=shown_id(Kind.CONTEXT, known.id),
            agent_id=shown_id(Kind.AGENT, known.agent_id),
            task_count=known.tasks,
            created_at=known.created,
            updated_at=known.updated,
        )
    )
