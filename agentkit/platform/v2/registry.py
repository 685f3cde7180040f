"""The connectors on offer (V2-EP-26)."""

from __future__ import annotations

from typing import Final

from starlette.responses import Response

from agentkit.platform.answers import json_answer
from agentkit.platform.problems import Problem
from agentkit.platform.shortfalls import Shortfall
from agentkit.platform.v2.gate import Call
from agentkit.platform.v2.paging import page_token, read_page
from agentkit.wire import v2

_LISTING: Final = "registry"


async def page(call: Call) -> Response:
    """GET /registry/connectors (V2-EP-26)."""
    wanted = read_page(call.request, _LISTING)
    words = call.request.query_params.get("q", "")
    if call.services.settings.falls_short(Shortfall.REGISTRY_SEARCH):
        words = ""
    found = [entry for entry in call.services.registry if entry.mentions(words) and entry.name > (wanted.after or "")]
    shown = found[: wanted.size]
    token = page_token(_LISTING, shown[-1].name) if len(found) > wanted.size else None
    return json_answer(v2.encode_registry((entry.shown_v2() for entry in shown), token))


async def get(call: Call) -> Response:
    """GET /registry/connectors/{entry} (V2-EP-26)."""
    entry = call.services.registry.by_name(str(call.request.path_params["entry"]))
    if entry is None:
        raise Problem(404, "connector_not_found", "The registry has no such connector.")
    return json_answer(v2.encode_registry_connector(entry.shown_v2()))
