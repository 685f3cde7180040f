"""Error bodies of all of Corti's APIs: v1 (section 11), v2 (V2-ERR-01, -02), core (REST-14), tokens (AUTH-09)."""

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
_CONTROLS: Final = dict.fromkeys((*range(0x20), *range(0x7F, 0xA0), 0x2028, 0x2029), " ")


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
    """The typed error for an error answer, whichever of Corti's APIs gave it.

    The class follows the HTTP status alone (CLI-11, V1-ERR-06); the body, in whatever shape, fills the attributes.

    Args:
        status: The HTTP status.
        body: The parsed JSON body, or anything else when it was not JSON.
    """
    fields = cast(JsonObject, body) if isinstance(body, dict) else {}
    match fields.get("error"):
        case dict() as error if "status" in error or isinstance(error.get("code"), int):
            return _a2a_error(status, error)
        case dict() as error:
            return _management_error(status, error)
        case str() as word:
            # Keycloak in front of the API, or a gateway that speaks as it does (AUTH-09).
            described = error_text(fields.get("error_description")) or error_text(fields.get("message"))
            return api_error_class(status)(status, code=error_text(word), description=described)
        case _:
            return _flat_error(status, fields)


def _flat_error(status: int, fields: JsonObject) -> ApiError:
    """V1-ERR-01 and V1-ERR-02, and the core API's body (REST-14)."""
    details = tuple(_details(fields, "detail", "validationErrors", "details"))
    told = _faults(details) if not isinstance(fields.get("validationErrors"), list) else _named_faults(details)
    return api_error_class(status)(
        status,
        code=error_text(fields.get("code")) or error_text(fields.get("type")),
        description=_first(fields, "description", "detail", "message"),
        how_to_fix=error_text(fields.get("howToFix")),
        details=details,
        faults=tuple(islice(told, _MAX_FAULTS)),
        cause_codes=tuple(_cause_codes(fields)),
        request_id=error_text(fields.get("requestid")) or error_text(fields.get("requestId")),
    )


def _management_error(status: int, error: JsonObject) -> ApiError:
    """V2-ERR-01."""
    beside = error.get("details")
    details = tuple(_details(beside, "validationErrors")) if isinstance(beside, dict) else ()
    return api_error_class(status)(
        status,
        code=error_text(error.get("code")),
        description=error_text(error.get("message")),
        how_to_fix=error_text(error.get("howToFix")),
        details=details or tuple(_details(error, "details")),
        faults=tuple(islice(_faults(details), _MAX_FAULTS)),
        request_id=error_text(error.get("requestId")),
    )


def _a2a_error(status: int, error: JsonObject) -> ApiError:
    """V2-ERR-02; the number in `code` repeats the status and is not kept."""
    reason, details, faults = decode_error_details(error.get("details"))
    return api_error_class(status)(
        status,
        code=error_text(error.get("status")),
        description=error_text(error.get("message")),
        details=details,
        faults=faults,
        reason=reason,
    )


def decode_error_details(value: Json) -> tuple[str | None, tuple[JsonObject, ...], tuple[str, ...]]:
    """Reason, entries and refused fields out of google.rpc details, as both A2A bindings carry them (A2A-ERR-01).

    Args:
        value: A list of details, or one alone.
    """
    entries = tuple(_entries(value))
    reasons = (error_text(entry.get("reason")) for entry in entries)
    refused = (entry for entry in entries if "fieldViolations" in entry)
    return next(filter(None, reasons), None), entries, tuple(islice(_faults(refused), _MAX_FAULTS))


def encode_oauth_error(code: str, description: str) -> JsonObject:
    """An error of the token endpoint (AUTH-09)."""
    return {"error": code, "error_description": description}


def decode_oauth_error(status: int, body: object) -> AuthenticationError:
    """The typed error for a refusal of the token endpoint, with the remedy for the documented codes (AUTH-09)."""
    fields = cast(JsonObject, body) if isinstance(body, dict) else {}
    code = error_text(fields.get("error")) or "unreadable_answer"
    remedies = {
        "invalid_client": "Check the client id (CORTI_CLIENT_ID), and that it belongs to this environment and tenant.",
        "unauthorized_client": "Check the client secret (CORTI_CLIENT_SECRET).",
        "invalid_scope": "Ask for scopes the client may have.",
    }
    message = f"The token endpoint refused the client: HTTP {status} {code}."
    return AuthenticationError(code, message, status=status, remedy=remedies.get(code))


def error_text(value: Json) -> str | None:
    """A text of somebody else, short enough to be shown and without characters that move a cursor or start a line."""
    return value[:_MAX_TEXT].translate(_CONTROLS) if isinstance(value, str) and value else None


def _first(fields: JsonObject, *names: str) -> str | None:
    """The first of these fields that says something."""
    return next((text for name in names if (text := error_text(fields.get(name)))), None)


def _entries(value: Json) -> Iterator[JsonObject]:
    for entry in value if isinstance(value, list) else [value]:
        if isinstance(entry, dict):
            yield entry


def _details(fields: JsonObject, *places: str) -> Iterator[JsonObject]:
    """The objects in the first place that holds some."""
    for place in places:
        value = fields.get(place)
        if isinstance(value, list if place != "details" else dict | list):
            yield from _entries(value)
            return


def _faults(details: Iterable[JsonObject]) -> Iterator[str]:
    """Place and reason of each field: V1-ERR-02, V2-ERR-01, REST-14, and google.rpc's `fieldViolations`."""
    for entry in details:
        nested = entry.get("errors") or entry.get("fieldViolations")
        for fault in nested if isinstance(nested, list) else [entry]:
            if isinstance(fault, dict):
                place = error_text(fault.get("location")) or error_text(fault.get("field"))
                why = _first(fault, "reason", "msg", "description")
                if told := ": ".join(word for word in (place, why) if word):
                    yield told


def _named_faults(details: Iterable[JsonObject]) -> Iterator[str]:
    """REST-14 does not fix the names inside `validationErrors`: texts under whatever name."""
    for entry in details:
        known = tuple(_faults([entry]))
        yield from known or (
            f"{error_text(name)}: {text}" for name, value in entry.items() if (text := error_text(value))
        )


def _cause_codes(fields: JsonObject) -> Iterator[str]:
    cause = fields.get("cause")
    for _ in range(_MAX_CAUSES):
        if not isinstance(cause, dict):
            return
        if code := error_text(cause.get("code")):
            yield code
        cause = cause.get("cause")
