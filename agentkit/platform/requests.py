"""What routes read out of a request, checked and bounded."""

from __future__ import annotations

import re
from typing import Final

from starlette.requests import Request

from agentkit.errors import WireError
from agentkit.models import Json
from agentkit.platform.problems import Problem, bad_request
from agentkit.wire.jsontext import parse_json

_UUID: Final = re.compile(r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}")
_MAX_DIGITS: Final = 9


async def read_body(request: Request, limit: int) -> bytes:
    """The body.

    Raises:
        WireError: It is larger than the limit.
    """
    declared = request.headers.get("content-length", "0")
    if declared.isdecimal() and int(declared) > limit:
        raise _too_large(limit)
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > limit:
            raise _too_large(limit)
    return bytes(body)


async def read_json(request: Request, limit: int) -> Json:
    """The body as JSON.

    Raises:
        WireError: It is larger than the limit or is not JSON.
    """
    return parse_json(await read_body(request, limit))


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


def _too_large(limit: int) -> WireError:
    return WireError("", "size", f"The body is larger than {limit} bytes.", remedy="Send less at once.")


def _bad_query(name: str, wanted: str) -> Problem:
    return bad_request("invalid_query", f"The query parameter {name} must be {wanted}.")
