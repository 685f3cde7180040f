"""Errors on the v1 wire: one place decides status, code and body (section 11 of the API contract)."""

from __future__ import annotations

import logging
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Final
from uuid import uuid4

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from agentkit.errors import (
    AgentKitError,
    AgentNotFound,
    BodyRefused,
    ContextMismatch,
    ContextNotFound,
    CredentialError,
    MessageConflict,
    ServiceOverloaded,
    TaskError,
    TaskNotCancelable,
    TaskNotContinuable,
    TaskNotFound,
    TooManyRequests,
    WireError,
)
from agentkit.models import JsonObject
from agentkit.platform.answers import json_answer, retry_after
from agentkit.tracing import SpanKind, continued, span
from agentkit.web.answer import Answered
from agentkit.wire.errors import encode_error, encode_validation_error

_log = logging.getLogger("agentkit.platform")

_TASK_STATUS: Final[Mapping[type[TaskError], int]] = {
    TaskNotFound: 404,
    ContextNotFound: 404,
    AgentNotFound: 404,
    TaskNotContinuable: 400,
    TaskNotCancelable: 400,
    ContextMismatch: 400,
    # Corti leaves a reused messageId open; 409 is a status its clients do not retry (CLI-05).
    MessageConflict: 409,
}
_ID: Final = re.compile(r"(?:[a-z]{2,4}\.)?[0-9a-fA-F-]{36}")
_SERVED: Final = "The platform's addresses are listed at /openapi.json."
_HTTP_CODES: Final = {404: "not_found", 405: "method_not_allowed", 413: "payload_too_large"}


class Problem(AgentKitError):
    """A refusal with its status and documented code."""

    def __init__(
        self,
        status: int,
        code: str,
        description: str,
        *,
        how_to_fix: str | None = None,
        cause: Sequence[str] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """Say what is answered.

        Args:
            status: The HTTP status.
            code: The body's `code`.
            description: What went wrong, without content of the request.
            how_to_fix: What the caller can do.
            cause: Codes of the causes, outermost first (V1-ERR-03).
            headers: Further headers of the answer.
        """
        super().__init__(description, remedy=how_to_fix)
        self.status = status
        self.code = code
        self.causes = tuple(cause)
        self.headers = dict(headers or {})

    def body(self) -> JsonObject:
        """The error body (V1-ERR-01)."""
        cause: JsonObject | None = None
        for code in reversed(self.causes):
            cause = encode_error(code, self.message, cause=cause)
        return encode_error(self.code, self.message, how_to_fix=self.remedy, cause=cause)


def unknown_agent(code: str = "expert_not_found", *causes: str) -> Problem:
    """The answer for an agent that is not there, or belongs to somebody else (V1-ERR-03, V1-ERR-04)."""
    return Problem(
        404, code, "There is no such agent.", how_to_fix="GET /agents lists the agents you have.", cause=causes
    )


def bad_request(code: str, description: str, how_to_fix: str | None = None) -> Problem:
    """The answer 400."""
    return Problem(400, code, description, how_to_fix=how_to_fix)


Endpoint = Callable[[Request], Awaitable[Answered]]
Refuse = Callable[[Request, Exception], Awaitable[Answered]]
"""Makes the answer of an error."""


class Answering:
    """An endpoint that answers its errors itself: the server would log a foreign exception with its text.

    The request becomes one span of the caller's trace; its path holds ids only. Starlette takes it for an application,
    and puts none of its layers for functions around it.
    """

    def __init__(self, endpoint: Endpoint, refuse: Refuse) -> None:
        """Have an endpoint answered for."""
        self._endpoint = endpoint
        self._refuse = refuse

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        request = Request(scope, receive)
        if request.headers.get("traceparent") is None:
            await self._answer(request, send)
            return
        with continued(request.headers):
            await self._answer(request, send)

    async def _answer(self, request: Request, send: Send) -> None:
        attributes = {"http.request.method": request.method, "url.path": _shown_path(request)}
        with span("platform.request", attributes, kind=SpanKind.SERVER) as hop:
            try:
                answer = await self._endpoint(request)
            except ClientDisconnect:
                return
            except Exception as error:
                answer = await self._refuse(request, error)
            hop.set("http.response.status_code", answer.status_code)
            await answer(request.scope, request.receive, send)


def answering(endpoint: Endpoint, refuse: Refuse | None = None) -> Answering:
    """An endpoint that answers its errors itself.

    Args:
        endpoint: What answers.
        refuse: Makes the answer of an error; None spells it as v1 does.
    """
    return Answering(endpoint, refuse or answer_error)


def _shown_path(request: Request) -> str:
    """The path of a request; what stands where an id belongs and is none could be anything, a name too."""
    path = str(request.scope["path"])
    for value in request.path_params.values():
        if not _ID.fullmatch(str(value)):
            path = path.replace(str(value), "*")
    return path


async def answer_error(_request: Request, error: Exception) -> Response:
    """The JSON answer for any error a route raised; an unexpected one shows a reference and nothing else."""
    match error:
        case Problem():
            return json_answer(error.body(), error.status, headers=error.headers)
        case BodyRefused():
            return _answer(error.status, error.code, error.detail, error.remedy)
        case WireError(reason="json"):
            return _answer(400, "invalid_json", "The body is not valid JSON.", "Send one JSON document in UTF-8.")
        case WireError():
            return json_answer(encode_validation_error([error]), 422)
        case CredentialError():
            status = 401 if error.code == "missing_inherited_token" else 400
            return _answer(status, error.code, error.message, error.remedy)
        case TooManyRequests():
            return _answer(429, "too_many_requests", error.message, error.remedy, retry_after(error))
        case ServiceOverloaded():
            return _answer(429, error.code, error.message, error.remedy, retry_after(error))
        case TaskError():
            return _answer(_TASK_STATUS.get(type(error), 400), error.code, error.message, error.remedy)
        case HTTPException():
            code = _HTTP_CODES.get(error.status_code, "http_error")
            how_to_fix = _SERVED if error.status_code == 404 else None
            body = encode_error(code, str(error.detail), how_to_fix=how_to_fix)
            return json_answer(body, error.status_code, headers=dict(error.headers or {}))
        case _:
            return _unexpected(error)


def _unexpected(error: Exception) -> Response:
    reference = logged(error)
    body = encode_error(
        "internal_error",
        "The server failed.",
        how_to_fix=f"Look for {reference} in the server's log.",
        details={"reference": reference},
    )
    return json_answer(body, 500)


def logged(error: Exception) -> str:
    """Log an error that nobody expected; returns the reference under which it stands there."""
    reference = str(uuid4())
    # The text of a foreign exception may quote what a user said; class and place are enough to find the fault.
    _log.error("unexpected %s, reference %s, at %s", type(error).__name__, reference, _place(error))
    return reference


def _place(error: Exception) -> str:
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return "?" if trace is None else f"{trace.tb_frame.f_code.co_qualname}:{trace.tb_lineno}"


def _answer(
    status: int, code: str, description: str, remedy: str | None, headers: Mapping[str, str] | None = None
) -> Response:
    return json_answer(encode_error(code, description, how_to_fix=remedy), status, headers)
