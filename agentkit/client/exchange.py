"""A whole call without I/O: a generator that asks for requests and pauses and returns the result.

The asynchronous and the blocking session drive the same generator, so retries, errors and traces are written once.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, TypeVar, cast
from urllib.parse import urlencode

from agentkit import tracing
from agentkit.credentials import withhold, withhold_text
from agentkit.errors import AgentKitError, ApiError, WireError
from agentkit.models import Message, StatusUpdate, Task
from agentkit.wire.errors import decode_api_error
from agentkit.wire.usage import read_usage

if TYPE_CHECKING:
    from agentkit.client.config import ClientConfig
    from agentkit.client.operation import Answer, Operation
    from agentkit.client.retry import RetryPolicy
    from agentkit.models import Json, JsonObject

T = TypeVar("T")

_BEARER: Final = "Bearer "
_SHORTEST_SECRET: Final = 4
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_CHALLENGE = re.compile(r'error_description="([^"]{1,300})"')


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """A request to be sent; the session adds the access token where `is_authorized`.

    Attributes:
        max_answer: Bytes of the largest answer read; None for the usual limit.
    """

    method: str
    url: str
    headers: dict[str, str] = field(repr=False)
    content: bytes | None = field(repr=False)
    is_authorized: bool
    max_answer: int | None = None

    def authorize(self, token: str) -> None:
        """Add the access token."""
        self.headers["Authorization"] = _BEARER + token

    @property
    def token(self) -> str:
        """The access token; empty where there is none."""
        return self.headers.get("Authorization", "").removeprefix(_BEARER)


@dataclass(frozen=True, slots=True)
class Pause:
    """A wait before the next try."""

    seconds: float


def exchange(
    operation: Operation[T],
    config: ClientConfig,
    retry: RetryPolicy,
    span: tracing.Span,
    *,
    clock: Callable[[], float],
    failure: Callable[[Answer, frozenset[str]], AgentKitError] | None = None,
) -> Generator[HttpRequest | Pause, Answer | None, T]:
    """Do one call and read its answer.

    Args:
        operation: What to do.
        config: Where, and for which tenant.
        retry: When to try again.
        span: Gets status, sizes, retries and ids.
        clock: Seconds since 1970.
        failure: Makes the error of an answer that is no success; `api_failure` where not given.

    Yields:
        Requests, to be answered with their answers, and pauses.

    Returns:
        The parsed result.

    Raises:
        AgentKitError: The answer is an error or cannot be read.
    """
    answer, secrets = yield from attempts(operation, config, retry, span, clock=clock, failure=failure)
    span.set("http.response.body.size", len(answer.body))
    with withheld(secrets):
        result = operation.parse(answer)
    note(span, result)
    return result


def attempts(
    operation: Operation[object],
    config: ClientConfig,
    retry: RetryPolicy,
    span: tracing.Span,
    *,
    clock: Callable[[], float],
    failure: Callable[[Answer, frozenset[str]], AgentKitError] | None = None,
) -> Generator[HttpRequest | Pause, Answer | None, tuple[Answer, frozenset[str]]]:
    """Send a request until it succeeds or must not be sent again; arguments as for `exchange`.

    Returns:
        The answer, and the secrets that were sent for it.

    Raises:
        AgentKitError: The last answer is no success.
    """
    retries = 0
    while True:
        request = _request(operation, config, span)
        if request.content is not None:
            span.set("http.request.body.size", len(request.content))
        answer = cast("Answer", (yield request))
        span.set("http.response.status_code", answer.status)
        if 200 <= answer.status < 300:
            return answer, _sent(request, operation, config)
        seconds = retry.pause(retries, answer.status, answer.headers, clock(), is_repeatable=operation.is_repeatable)
        if seconds is None:
            break
        retries += 1
        span.set("agentkit.retry.count", retries)
        yield Pause(seconds)
    secrets = _sent(request, operation, config)
    raise failure(answer, secrets) if failure else api_failure(answer, secrets, refused=config.when_refused)


def api_failure(answer: Answer, secrets: frozenset[str], *, refused: str | None = None) -> AgentKitError:
    """The typed error of an answer of the API that is no success.

    Args:
        answer: What came.
        secrets: Values that must not show.
        refused: What helps behind a 401, where the server does not say.
    """
    error = decode_api_error(answer.status, error_fields(answer, secrets))
    if answer.status == 401:
        error.remedy = error.remedy or refused
    return error


def error_fields(answer: Answer, secrets: frozenset[str]) -> JsonObject:
    """The fields of an error body without secrets; where there is no such body, what else the answer tells."""
    secrets = _long(secrets)
    try:
        body = answer.json()
    except WireError:
        body = None
    if isinstance(body, dict) and body:
        return cast("JsonObject", withhold(cast("Json", body), secrets))
    if answer.status in _REDIRECTS:
        return {
            "description": "The server redirects; redirects are not followed, so that no token goes elsewhere.",
            "howToFix": "Check CORTI_BASE_URL or CORTI_ENVIRONMENT.",
        }
    challenge = _CHALLENGE.search(answer.headers.get("www-authenticate", ""))
    if challenge is not None:
        return {"description": withhold_text(challenge[1], secrets)}
    if answer.status == 401:
        return {"description": "The access token was refused."}
    return {"description": f"the answer is no JSON error but {answer.kind()}"}


@contextmanager
def withheld(secrets: frozenset[str]) -> Generator[None]:
    """Keep secrets out of an error that comes with a success status, as JSON-RPC's do (V1-ERR-05).

    Raises:
        ApiError: The same error, without them.
    """
    try:
        yield
    except ApiError as error:
        clean = _long(secrets)
        raise type(error)(
            error.status,
            code=_hidden(error.code, clean),
            description=_hidden(error.description, clean),
            how_to_fix=_hidden(error.how_to_fix, clean),
            details=[cast("JsonObject", withhold(cast("Json", dict(entry)), clean)) for entry in error.details],
            faults=[withhold_text(fault, clean) for fault in error.faults],
            cause_codes=[withhold_text(code, clean) for code in error.cause_codes],
            reason=_hidden(error.reason, clean),
            request_id=_hidden(error.request_id, clean),
        ) from None


def _hidden(text: str | None, secrets: frozenset[str]) -> str | None:
    return None if text is None else withhold_text(text, secrets)


def _long(secrets: frozenset[str]) -> frozenset[str]:
    """Those long enough to be found by; a shorter one would hide ordinary words."""
    return frozenset(secret for secret in secrets if len(secret) >= _SHORTEST_SECRET)


def _sent(request: HttpRequest, operation: Operation[object], config: ClientConfig) -> frozenset[str]:
    return config.secrets | operation.secrets | {request.token}


def _request(operation: Operation[object], config: ClientConfig, span: tracing.Span) -> HttpRequest:
    headers = {"Accept": operation.accept, **operation.headers}
    content = operation.content
    if operation.is_authorized:
        headers["Tenant-Name"] = config.tenant
    if operation.form is not None:
        headers["Content-Type"] = "application/x-www-form-urlencoded"
        content = urlencode(operation.form).encode()
    elif operation.body is not None:
        headers["Content-Type"] = operation.content_type or "application/json"
        content = _dump(operation.body)
    elif content is not None:
        headers["Content-Type"] = operation.content_type or "application/octet-stream"
    span.inject(headers)
    url = getattr(config.endpoints, operation.root) + operation.path
    if operation.query:
        url = f"{url}?{urlencode(operation.query, doseq=True)}"
    is_authorized = operation.is_authorized and config.sends_token
    return HttpRequest(operation.method, url, headers, content, is_authorized, operation.max_answer)


def _dump(body: JsonObject) -> bytes:
    import json

    try:
        return json.dumps(body, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()
    except (ValueError, RecursionError):
        raise WireError("body", "value", "holds NaN, Infinity or half a surrogate pair, which JSON cannot") from None


def note(span: tracing.Span, result: object) -> None:
    """Tell a span the ids, sizes and usage of what came back."""
    match result:
        case Task():
            span.set("agentkit.task.id", result.id)
            span.set("agentkit.task.state", result.status.state.value)
            span.set("agentkit.artifact.count", len(result.artifacts))
            span.set("agentkit.context.id", result.context_id)
            _note_usage(span, result.metadata)
        case StatusUpdate():
            span.set("agentkit.task.id", result.task_id)
            span.set("agentkit.task.state", result.status.state.value)
            _note_usage(span, result.metadata)
        case Message():
            span.set("agentkit.context.id", result.context_id)
        case _:
            pass


def _note_usage(span: tracing.Span, metadata: JsonObject | None) -> None:
    usage = read_usage(metadata) if metadata else None
    if usage is not None:
        span.set("gen_ai.usage.input_tokens", usage.input_tokens)
        span.set("gen_ai.usage.output_tokens", usage.output_tokens)
        span.set("agentkit.credits", usage.credits)
