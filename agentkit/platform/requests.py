"""What routes read out of a request, checked and bounded."""

from __future__ import annotations

import re
from typing import Final

from starlette.requests import Request

from agentkit.models import Json
from agentkit.platform.problems import Problem, bad_request
from agentkit.web.arrival import arrived
from agentkit.web.body import read_json as read_body_json
from agentkit.web.bounds import Bounds

_UUID: Final = re.compile(r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}")
_MAX_DIGITS: Final = 9
_MEDIA_TYPES: Final = ("application/json", "application/a2a+json", "application/merge-patch+json")


async def read_json(request: Request, bounds: Bounds) -> Json:
    """The body as JSON; a request that does not say what it brings is believed to bring that.

    Raises:
        BodyRefused: It is too large, arrives too slowly, or is called something else.
        WireError: It is not JSON, or nested too deeply.
    """
    came = arrived(request.scope)
    named = _MEDIA_TYPES if came.media_type else None
    return await read_body_json(came, request.receive, named, limit=bounds.body, seconds=bounds.body_seconds)


def path_id(request: Request, name: str) -> str:
    """A UUID of the path, in lower case.

    Raises:
        Problem: 400, it is no UUID (V1-ID-01).
    """
    return check_id(str(request.path_params[name]), name)


def check_id(value: str, name: str) -> str:
    """A UUID, in lower case.

    Raises:
        Problem: 400, it is no UUID (V1-ID-01).
    """
    if not _UUID.fullmatch(value):
        raise bad_request("invalid_id", f"{name} is not a UUID.", f"Use the {name} as the server gave it.")
    return value.lower()


def query_flag(request: Request, name: str) -> bool:
    """A boolean of the query, false when absent.

    Raises:
        Problem: 400, it is neither `true` nor `false`.
    """
    value = request.query_params.get(name, "false").lower()
    if value not in {"true", "false"}:
        raise _bad_query(name, "true or false")
    return value == "true"


def query_number(request: Request, name: str, *, least: int) -> int | None:
    """An integer of the query, None when absent.

    Raises:
        Problem: 400, it is no integer or too small.
    """
    value = request.query_params.get(name)
    if value is None:
        return None
    digits = value.isascii() and value.isdigit() and len(value) <= _MAX_DIGITS
    if not digits or int(value) < least:
        raise _bad_query(name, f"an integer from {least}")
    return int(value)


def query_page(request: Request) -> tuple[int | None, int]:
    """`limit` and `offset`; a missing limit is everything (V1-AGENT-07).

    Raises:
        Problem: 400, one of them is no integer or too small.
    """
    return query_number(request, "limit", least=1), query_number(request, "offset", least=0) or 0


def _bad_query(name: str, wanted: str) -> Problem:
    return bad_request("invalid_query", f"The query parameter {name} must be {wanted}.")
