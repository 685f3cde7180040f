"""Error answers of the Corti API, one class per status (CLI-11)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from agentkit.errors.base import AgentKitError


class ApiError(AgentKitError):
    """The Corti API answered with an error (CLI-11); branch on `status` and `code`, never on texts (V1-ERR-06).

    Attributes:
        status: The HTTP status. For an error in a JSON-RPC answer, which is sent with 200, the status the same error
            has over plain HTTP, so that callers branch alike in both bindings.
        code: The body's word for the error, as the API in question spells it: `expert_not_found` (V1-ERR-01),
            `VALIDATION_FAILED` (V2-ERR-01), a google.rpc status such as `NOT_FOUND` (V2-ERR-02), the `type` of the core
            API (REST-14), or a JSON-RPC number such as `-32001`; None where the body had none.
        description: What the server says went wrong.
        how_to_fix: What the server says can be done.
        details: Validation entries (V1-ERR-02, V2-ERR-01, REST-14) or the body's `details`.
        faults: Place and reason of the fields that are refused; the message tells them.
        cause_codes: Codes of the nested `cause` chain, outermost first.
        reason: The `reason` of A2A's ErrorInfo, for example `TASK_NOT_FOUND` (V2-ERR-02).
        request_id: What Corti's support finds the request by, where the body tells it (V2-ERR-01, REST-14).
    """

    def __init__(
        self,
        status: int,
        *,
        code: str | None = None,
        description: str | None = None,
        how_to_fix: str | None = None,
        details: Sequence[Mapping[str, object]] = (),
        faults: Sequence[str] = (),
        cause_codes: Sequence[str] = (),
        reason: str | None = None,
        request_id: str | None = None,
    ) -> None:
        """Build the message from status, code, reason and description."""
        what = "; ".join((description or "the server gave no description", *faults))
        words = " ".join(word for word in (code, reason if reason != code else None) if word)
        trace = f" (request {request_id})" if request_id else ""
        super().__init__(f"HTTP {status}{f' {words}' if words else ''}: {what}{trace}", remedy=how_to_fix)
        self.status = status
        self.code = code
        self.description = description
        self.how_to_fix = how_to_fix
        self.details = tuple(details)
        self.faults = tuple(faults)
        self.cause_codes = tuple(cause_codes)
        self.reason = reason
        self.request_id = request_id


class BadRequestError(ApiError):
    """400: malformed JSON, a bad id, or an impossible request."""


class UnauthorizedError(ApiError):
    """401: the token is missing, wrong or expired."""


class ForbiddenError(ApiError):
    """403: the token does not reach this resource."""


class NotFoundError(ApiError):
    """404: no such agent, task or context for this caller."""


class ConflictError(ApiError):
    """409: the resource is in a state that forbids the request."""


class UnprocessableEntityError(ApiError):
    """422: the body does not fit the schema; `details` says where."""


class RateLimitedError(ApiError):
    """429: too many requests, also after the retries."""


class InternalServerError(ApiError):
    """500: the server failed, also after the retries."""


class NotImplementedByServerError(ApiError):
    """501: the server does not offer this."""


class BadGatewayError(ApiError):
    """502: something behind the server failed."""


class ServiceUnavailableError(ApiError):
    """503: the server is not available, also after the retries."""


class GatewayTimeoutError(ApiError):
    """504: something behind the server was too slow."""


_BY_STATUS: dict[int, type[ApiError]] = {
    400: BadRequestError,
    401: UnauthorizedError,
    403: ForbiddenError,
    404: NotFoundError,
    409: ConflictError,
    422: UnprocessableEntityError,
    429: RateLimitedError,
    500: InternalServerError,
    501: NotImplementedByServerError,
    502: BadGatewayError,
    503: ServiceUnavailableError,
    504: GatewayTimeoutError,
}


def api_error_class(status: int) -> type[ApiError]:
    """The subclass of `ApiError` for an HTTP status, or `ApiError` itself for one without a class of its own."""
    return _BY_STATUS.get(status, ApiError)
