"""Error answers of the Corti API, one class per status (CLI-11)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from agentkit.errors.base import AgentKitError


class ApiError(AgentKitError):
    """The Corti API answered with an error status (CLI-11, V1-ERR-01).

    Attributes:
        status: The HTTP status.
        code: The body's `code`, or None where the body had none.
        description: The body's `description`.
        how_to_fix: The body's `howToFix`.
        details: Validation entries of a 422 (V1-ERR-02) or the body's `details`.
        faults: Place and reason of the fields that a 422 refuses; the message tells them.
        cause_codes: Codes of the nested `cause` chain, outermost first.
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
    ) -> None:
        """Build the message from code and description."""
        what = "; ".join((description or "the server gave no description", *faults))
        super().__init__(f"HTTP {status}{f' {code}' if code else ''}: {what}", remedy=how_to_fix)
        self.status = status
        self.code = code
        self.description = description
        self.how_to_fix = how_to_fix
        self.details = tuple(details)
        self.faults = tuple(faults)
        self.cause_codes = tuple(cause_codes)


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
