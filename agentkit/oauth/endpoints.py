"""Endpoints of an authorization server: forms that are answered in JSON, and documents."""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response

from agentkit.errors import AuthenticationError, StorageError, TooManyRequests
from agentkit.models import JsonObject
from agentkit.oauth.token_request import (
    FORM_LIMIT,
    ClientForm,
    TokenRequest,
    read_client_form,
    read_token_request,
)

FORM_TIMEOUT: Final = 20.0
"""Seconds in which a form must have come."""

NO_STORE: Final = {"cache-control": "no-store", "pragma": "no-cache"}

T = TypeVar("T")
Endpoint = Callable[[Request], Awaitable[Response]]

logger = logging.getLogger(__name__)


def token_endpoint(answer: Callable[[TokenRequest], Awaitable[JsonObject]]) -> Endpoint:
    """An endpoint that reads token requests and writes answers and OAuth errors, none of them cacheable.

    Args:
        answer: Gives the body of the answer, or raises `AuthenticationError` with the OAuth code and the status.
    """
    return _endpoint(read_token_request, answer)


def client_endpoint(answer: Callable[[ClientForm], Awaitable[JsonObject]]) -> Endpoint:
    """The same for the other forms that a client sends with its credentials.

    Args:
        answer: Gives the body of the answer, or raises `AuthenticationError` with the OAuth code and the status.
    """
    return _endpoint(read_client_form, answer)


def _endpoint(read: Callable[[str, str | None, bytes], T], answer: Callable[[T], Awaitable[JsonObject]]) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        try:
            body = await read_form(request)
            wanted = read(request.headers.get("content-type", ""), request.headers.get("authorization"), body)
            return JSONResponse(await answer(wanted), headers=NO_STORE)
        except AuthenticationError as error:
            status = error.status or 400
            headers = dict(NO_STORE)
            if status == 401:
                headers["www-authenticate"] = 'Basic realm="token", charset="UTF-8"'
            return JSONResponse({"error": error.code, "error_description": error.message}, status, headers)
        except TooManyRequests as error:
            headers = {**NO_STORE, "retry-after": str(math.ceil(error.retry_after))}
            return JSONResponse({"error": "slow_down", "error_description": error.message}, 429, headers)
        except StorageError as error:
            return _failed(error)
        except ClientDisconnect:
            return Response(status_code=400)

    return endpoint


def document_endpoint(content: Callable[[], Awaitable[JsonObject]], *, keep: int) -> Endpoint:
    """An endpoint that shows a document which anybody may read.

    Args:
        content: Gives the document as it is now.
        keep: Seconds for which caches may keep it; with 0 they ask each time.
    """
    caching = f"public, max-age={keep}" if keep else "no-cache"

    async def endpoint(request: Request) -> Response:
        del request
        try:
            return JSONResponse(await content(), headers={"cache-control": caching})
        except StorageError as error:
            return _failed(error)

    return endpoint


def _failed(error: StorageError) -> Response:
    logger.error("the authorization server cannot answer: %s", error.message)
    answered = {"error": "server_error", "error_description": "The server cannot answer now; try again."}
    return JSONResponse(answered, 503, NO_STORE)


async def read_form(request: Request) -> bytes:
    """The body of a request, read a little beyond `FORM_LIMIT` at most.

    Raises:
        AuthenticationError: It came too slowly.
    """
    body = bytearray()
    try:
        async with asyncio.timeout(FORM_TIMEOUT):
            async for chunk in request.stream():
                body += chunk
                if len(body) > FORM_LIMIT:
                    break
    except TimeoutError:
        raise AuthenticationError("invalid_request", "The request came too slowly.", status=408) from None
    return bytes(body)
