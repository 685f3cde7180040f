"""Error bodies of the v1 API and of its token endpoint (section 11 of the API contract, AUTH-09)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Final, cast

from agentkit.errors import ApiError, AuthenticationError, WireError, api_error_class
from agentkit.models import Json, JsonObject
from agentkit.wire.reader import put

_MAX_CAUSES: Final = 8
_MAX_FAULTS: Final = 3
_MAX_TEXT: Final = 500


def encode_error(
    code: str,
    description: str,
    *,
    how_to_fix: str | None = None,
    details: JsonObject | None = None,
    cause: JsonObject | None = None,
) -> JsonObject:
    """An error body (V1-ERR-01).

    Args:
        code: A snake_case word callers branch on (V1-ERR-06).
        description: What went wrong, without content of the request.
        how_to_fix: What the caller can do.
        details: Ids and other plain values.
        cause: Another error body.
    """
    wire: JsonObject = {"code": code, "description": description}
    return put(wire, {"howToFix": how_to_fix, "details": details, "cause": cause})


def encode_validation_error(errors: Sequence[WireError]) -> JsonObject:
    """The body of a 422 (V1-ERR-02), naming each field that does not fit."""
    wire = encode_error(
        "validation_failed",
        "The request does not fit the schema.",
        how_to_fix="Correct the fields named in detail.",
    )
    wire["detail"] = [
        {
            "msg": error.detail,
            "type": error.reason,
            "reason": error.detail,
            "howToFix": error.remedy or f"Correct the field {error.path or 'at the top level'}.",
            "errors": [{"location": error.path, "reason": error.detail}],
        }
        for error in errors
    ]
    return wire


def decode_api_error(status: int, body: object) -> ApiError:
    """The typed error for an error answer; a body of another shape still gives the class of its status (CLI-11).

    Args:
        status: The HTTP status.
        body: The parsed JSON body, or anything else when it was not JSON.
    """
    fields = cast(JsonObject, body) if isinstance(body, dict) else {}
    description = _text(fields.get("description")) or _text(fields.get("detail")) or _text(fields.get("message"))
    details = tuple(_details(fields))
    return api_error_class(status)(
        status,
        code=_text(fields.get("code")) or _text(fields.get("type")),
        description=description,
        how_to_fix=_text(fields.get("howToFix")),
        details=details,
        faults=tuple(islice(_faults(details), _MAX_FAULTS)),
        cause_codes=tuple(_cause_codes(fields)),
    )


def encode_oauth_error(code: str, description: str) -> JsonObject:
    """An error of the token endpoint (AUTH-09)."""
    return {"error": code, "error_description": description}


def decode_oauth_error(status: int, body: object) -> AuthenticationError:
    """The typed error for a refusal of the token endpoint, with the remedy for the documented codes (AUTH-09)."""
    fields = cast(JsonObject, body) if isinstance(body, dict) else {}
    code = _text(fields.get("error")) or "unreadable_answer"
    remedies = {
        "invalid_client": "Check the client id (CORTI_CLIENT_ID), and that it belongs to this environment and tenant.",
        "unauthorized_client": "Check the client secret (CORTI_CLIENT_SECRET).",
        "invalid_scope": "Ask for scopes the client may have.",
    }
    message = f"The token endpoint refused the client: HTTP {status} {code}."
    return AuthenticationError(code, message, status=status, remedy=remedies.get(code))


def _text(value: Json) -> str | None:
    return value[:_MAX_TEXT] if isinstance(value, str) and value else None


def _details(fields: JsonObject) -> Iterator[JsonObject]:
    entries = fields.get("detail")
    if not isinstance(entries, list):
        entries = [fields.get("details")]
    for entry in entries:
        if isinstance(entry, dict):
            yield entry


def _faults(details: Iterable[JsonObject]) -> Iterator[str]:
    """Place and reason of each field (V1-ERR-02)."""
    for entry in details:
        errors = entry.get("errors")
        for fault in errors if isinstance(errors, list) else [entry]:
            if isinstance(fault, dict):
                words = (_text(fault.get("location")), _text(fault.get("reason")) or _text(fault.get("msg")))
                if told := ": ".join(word for word in words if word):
                    yield told


def _cause_codes(fields: JsonObject) -> Iterator[str]:
    cause = fields.get("cause")
    for _ in range(_MAX_CAUSES):
        if not isinstance(cause, dict):
            return
        if code := _text(cause.get("code")):
            yield code
        cause = cause.get("cause")
