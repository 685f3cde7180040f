"""How routes answer."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Final

from starlette.responses import Response

from agentkit.errors import ServiceOverloaded, TooManyRequests
from agentkit.models import Json
from agentkit.wire.jsontext import dump_json

_JSON: Final = "application/json"
_SOON: Final = 1.0
"""Seconds after which to ask a server again that has too much to do."""


def json_answer(document: Json, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """An answer in JSON; whatever a tool said can be written, so that no 5xx comes after the work (CLI-10)."""
    return Response(dump_json(document), status, headers, media_type=_JSON)


def retry_after(error: TooManyRequests | ServiceOverloaded) -> dict[str, str]:
    """The header that says how long to wait (CLI-07)."""
    seconds = error.retry_after if isinstance(error, TooManyRequests) else _SOON
    return {"retry-after": str(max(1, math.ceil(seconds)))}
