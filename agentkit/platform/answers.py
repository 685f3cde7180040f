"""How routes answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from starlette.responses import Response

from agentkit.models import Json
from agentkit.wire.jsontext import dump_json

_JSON: Final = "application/json"


def json_answer(document: Json, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """An answer in JSON; whatever a tool said can be written, so that no 5xx comes after the work (CLI-10)."""
    return Response(dump_json(document), status, headers, media_type=_JSON)
