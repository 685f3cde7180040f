"""Refusals of the core API, in the one body it has for them (REST-14)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeAlias

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from tests.contract.corti_double.bodies import read_json
from tests.contract.corti_double.ids import bare_id
from tests.contract.corti_double.schema import JsonObject, Problem, Rule, problems
from tests.contract.corti_double.troubles import Trouble

Endpoint: TypeAlias = Callable[[Request], Awaitable[Response]]


class Refusal(Exception):
    """A request that the core API refuses."""

    def __init__(self, status: int, kind: str, detail: str, found: Sequence[Problem] = ()) -> None:
        super().__init__(detail)
        self.body: JsonObject = {"requestid": bare_id(), "status": status, "type": kind, "detail": detail}
        if found:
            self.body["validationErrors"] = [{path or "body": reason} for path, reason in found]


def unknown(what: str) -> Refusal:
    """There is no such thing."""
    return Refusal(404, "not_found", f"The {what} does not exist.")


def guarded(endpoint: Endpoint) -> Endpoint:
    """Let the endpoint's refusals be spelled as REST-14 says."""

    async def call(request: Request) -> Response:
        try:
            return await endpoint(request)
        except Refusal as refusal:
            return JSONResponse(refusal.body, refusal.body["status"])

    return call


async def read(request: Request, rule: Rule) -> JsonObject:
    """The body of the request, which keeps the rule."""
    try:
        body = await read_json(request)
    except Trouble:
        raise Refusal(400, "malformed", "The body is not JSON.") from None
    if found := problems(rule, body):
        raise Refusal(400, "validation_failed", "The request is not valid.", found)
    return body
