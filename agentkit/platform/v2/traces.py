"""What agents did in a context (V2-EP-21, V2-OBJ-19)."""

from __future__ import annotations

from typing import Final

from starlette.responses import Response

from agentkit.platform.answers import json_answer
from agentkit.platform.v2.contexts import scope_of
from agentkit.platform.v2.gate import Call
from agentkit.platform.v2.paging import page_token, read_page
from agentkit.wire import v2

_LISTING: Final = "traces"


async def page(call: Call) -> Response:
    """GET /contexts/{context}/trace: one trace for each turn that has ended, newest first."""
    wanted = read_page(call.request, _LISTING)
    scope, context_id = await scope_of(call)
    before = wanted.number or None
    found = await call.services.traces.page(scope.tenant, scope.owner, context_id, limit=wanted.size + 1, before=before)
    shown = found[: wanted.size]
    token = page_token(_LISTING, str(shown[-1][0])) if len(found) > wanted.size else None
    return json_answer(v2.encode_page("traces", (v2.encode_trace(trace) for _, trace in shown), token))
