"""Reads what came in, and answers with what came out of it."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Never, TypeAlias, TypeVar

from starlette.requests import Request
from starlette.responses import Response

from tests.contract.corti_double.schema import JsonObject, Rule, problems
from tests.contract.corti_double.troubles import Trouble, invalid

T = TypeVar("T")
Endpoint: TypeAlias = Callable[[Request], Awaitable[Response]]


def spelled(render: Callable[[Trouble], Response]) -> Callable[[Endpoint], Endpoint]:
    """Let the endpoint's refusals be spelled by its surface."""

    def wrap(endpoint: Endpoint) -> Endpoint:
        async def call(request: Request) -> Response:
            try:
                return await endpoint(request)
            except Trouble as trouble:
                return render(trouble)

        return call

    return wrap


async def read_json(request: Request) -> Any:
    """The body of the request.

    Raises:
        Trouble: It is no JSON.
    """
    try:
        return json.loads(await request.body(), parse_constant=_refuse_constant)
    except ValueError:
        raise Trouble("malformed", "The body is not JSON.") from None


async def read_body(request: Request, rule: Rule) -> JsonObject:
    """The body of the request, which keeps the rule.

    Raises:
        Trouble: It is no JSON, or breaks the rule.
    """
    body = await read_json(request)
    if found := problems(rule, body):
        raise invalid(found)
    return body


def read_number(request: Request, name: str, least: int, default: int | None, most: int | None = None) -> int | None:
    """An integer of the query.

    Raises:
        Trouble: It is none, or out of range.
    """
    text = request.query_params.get(name)
    if text is None:
        return default
    number = int(text) if text.removeprefix("-").isdecimal() else None
    if number is None or number < least or (most is not None and number > most):
        raise Trouble("bad_query", f"The parameter {name} is not valid.")
    return number


def read_flag(request: Request, name: str) -> bool:
    """A boolean of the query, false where it is missing.

    Raises:
        Trouble: It is none.
    """
    text = request.query_params.get(name, "false")
    if text not in {"true", "false"}:
        raise Trouble("bad_query", f"The parameter {name} is not valid.")
    return text == "true"


def page(request: Request, items: Sequence[T]) -> Sequence[T]:
    """A page by `limit` and `offset`; without limit all of it (V1-AGENT-07)."""
    limit = read_number(request, "limit", 1, None)
    offset = read_number(request, "offset", 0, 0) or 0
    return items[offset:] if limit is None else items[offset : offset + limit]


def cursor_page(request: Request, items: Sequence[T]) -> tuple[list[T], str | None]:
    """A page by `pageSize` and `pageToken`, and the token of the next one (V2-PAGE-01)."""
    size = read_number(request, "pageSize", 1, 50, 200) or 50
    start = _read_token(request.query_params.get("pageToken"))
    following = start + size
    token = base64.urlsafe_b64encode(f"after:{following}".encode()).decode() if following < len(items) else None
    return list(items[start:following]), token


def _read_token(token: str | None) -> int:
    if token is None:
        return 0
    try:
        word, _, number = base64.urlsafe_b64decode(token).decode().partition(":")
        if word == "after":
            return int(number)
    except (binascii.Error, ValueError):
        pass
    raise Trouble("bad_query", "The parameter pageToken is not valid.")


def _refuse_constant(name: str) -> Never:
    raise ValueError(name)
