"""`/v2/agentic/contexts`: contexts, their tasks and artifacts (V2-EP-18 to V2-EP-20, V2-EP-22, V2-EP-23)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from tests.contract.corti_double.bodies import cursor_page, read_number
from tests.contract.corti_double.dialects import without_usage
from tests.contract.corti_double.ids import read_prefixed_id
from tests.contract.corti_double.records import ContextRecord, TaskRecord
from tests.contract.corti_double.running import timestamp
from tests.contract.corti_double.schema import JsonObject
from tests.contract.corti_double.troubles import Trouble

if TYPE_CHECKING:
    from tests.contract.corti_double.double import CortiDouble


def find_context(double: CortiDouble, request: Request) -> ContextRecord:
    """The context that the path names.

    Raises:
        Trouble: It does not exist.
    """
    found = double.v2.contexts.get(read_prefixed_id("ctx", request.path_params["context_id"]) or "")
    if found is None:
        raise Trouble("context_unknown", "The context does not exist.")
    return found


def find_task(double: CortiDouble, request: Request) -> TaskRecord:
    """The task that the path names.

    Raises:
        Trouble: It does not exist in this context.
    """
    wanted = read_prefixed_id("task", request.path_params["task_id"])
    for task in find_context(double, request).tasks:
        if task.id == wanted:
            return task
    raise Trouble("task_unknown", "The task does not exist.")


def read_moment(request: Request, name: str) -> datetime | None:
    """A moment of the query.

    Raises:
        Trouble: It is none.
    """
    text = request.query_params.get(name)
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise Trouble("bad_query", f"The parameter {name} is not a time.") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


class Contexts:
    """The endpoints."""

    def __init__(self, double: CortiDouble) -> None:
        """Work on this double's state."""
        self._double = double

    async def list(self, request: Request) -> Response:
        """V2-EP-18: an empty page today."""
        begin, end = read_moment(request, "from"), read_moment(request, "to")
        agent_id = request.query_params.get("agentId")
        wanted = None if agent_id is None else read_prefixed_id("agt", agent_id) or agent_id
        contexts = [
            _shown(context)
            for context in reversed(self._double.v2.contexts.values())
            if wanted in {None, context.agent_id}
            and (begin is None or context.created >= begin)
            and (end is None or context.created < end)
        ]
        kept, token = cursor_page(request, [] if self._double.as_of_today else contexts)
        return JSONResponse({"contexts": kept, "nextPageToken": token})

    async def get(self, request: Request) -> Response:
        """V2-EP-19."""
        context = find_context(self._double, request)
        length = read_number(request, "historyLength", 0, None)
        tasks = [self._task(task, length) for task in context.tasks]
        return JSONResponse({**_shown(context), "tasks": tasks})

    async def delete(self, request: Request) -> Response:
        """V2-EP-20."""
        self._double.v2.forget(find_context(self._double, request))
        return Response(status_code=204)

    async def tasks(self, request: Request) -> Response:
        """V2-EP-22."""
        tasks, token = cursor_page(request, find_context(self._double, request).tasks)
        shown = [self._task(task) for task in tasks]
        return JSONResponse({"tasks": shown, "nextPageToken": token})

    async def task(self, request: Request) -> Response:
        """V2-EP-22."""
        return JSONResponse(self._task(find_task(self._double, request)))

    async def artifact(self, request: Request) -> Response:
        """V2-EP-23."""
        given: str = request.path_params["artifact_id"]
        wanted = {given, read_prefixed_id("art", given)}
        for artifact in find_task(self._double, request).artifacts:
            if artifact["artifactId"] in wanted:
                return JSONResponse(artifact)
        raise Trouble("artifact_unknown", "The artifact does not exist.")

    def _task(self, task: TaskRecord, length: int | None = None) -> JsonObject:
        return without_usage(self._double.v2.dialect.task(task, length))


def _shown(context: ContextRecord) -> JsonObject:
    """V2-OBJ-22, CON-09."""
    return {
        "id": context.id,
        "agentId": context.agent_id,
        "taskCount": len(context.tasks),
        "createdAt": timestamp(context.created),
        "updatedAt": timestamp(context.updated),
        "expiresAt": None,
    }
