"""The operations of v2's A2A plane on JSON parameters, the same for both bindings (V2-EP-07 to V2-EP-13)."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from agentkit.models import JsonObject
from agentkit.platform.shortfalls import Shortfall
from agentkit.platform.turns import NumberedEvents, Turns
from agentkit.platform.v2.ids import Kind, bare_id
from agentkit.platform.v2.spelling import Spelling, read_send, read_task_id
from agentkit.wire.a2a import decode_list_request
from agentkit.wire.reader import Reader

_LARGEST_PAGE: Final = 200


async def send(turns: Turns, params: JsonObject, spelling: Spelling) -> JsonObject:
    """Run a turn (V2-EP-08)."""
    return {"task": spelling.task(await turns.send(read_send(params)))}


async def stream(turns: Turns, params: JsonObject, after: int | None) -> NumberedEvents:
    """Run a turn and follow it; a repeated message is gone on with behind the event seen last (V2-EP-09)."""
    return await turns.stream(read_send(params), after=_seen(turns, after))


async def get(turns: Turns, params: JsonObject, spelling: Spelling) -> JsonObject:
    """A task (V2-EP-11)."""
    reader = Reader(params, "")
    task_id = read_task_id(reader.words("id"))
    return spelling.task(await turns.get(task_id, history_length=reader.count("historyLength")))


async def page(turns: Turns, params: JsonObject, spelling: Spelling) -> JsonObject:
    """A page of tasks, newest status first (V2-EP-10, V2-PAGE-01)."""
    query = decode_list_request(params, largest=_LARGEST_PAGE, with_artifacts=True)
    if query.context_id is not None:
        query = replace(query, context_id=bare_id(Kind.CONTEXT, query.context_id) or query.context_id)
    found = await turns.page(query)
    return {
        "tasks": [spelling.task(task) for task in found.tasks],
        "pageSize": query.page_size,
        "nextPageToken": found.token,
        "totalSize": found.total,
    }


async def cancel(turns: Turns, params: JsonObject, spelling: Spelling) -> JsonObject:
    """Stop a task (V2-EP-12)."""
    return spelling.task(await turns.cancel(read_task_id(Reader(params, "").words("id"))))


async def subscribe(turns: Turns, params: JsonObject, after: int | None) -> NumberedEvents:
    """Follow a task, behind the event seen last (V2-EP-13)."""
    return turns.subscribe(read_task_id(Reader(params, "").words("id")), after=_seen(turns, after))


def _seen(turns: Turns, after: int | None) -> int | None:
    """The event seen last, where that is asked for."""
    return None if turns.services.settings.falls_short(Shortfall.RESUME) else after
