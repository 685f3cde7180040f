"""Failures of a tool as the model and the caller see them: one shape for all of them.

`{"error": {"code", "message", "retryable", "retry_after", "hint"}}` travels as the text of a result with
`isError: true`. It is deliberately not put into `structuredContent`: clients check that against the tool's
`outputSchema`, official ones even when `isError` is set, and an error does not fit the schema of a success.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Final, cast, get_args

from mcp.server.mcpserver.exceptions import ToolError as McpToolError
from pydantic import ValidationError
from pydantic_core.core_schema import ErrorType

from agentkit.mcp.tools.examples import examples
from agentkit.models import Json, JsonObject

DEFAULT_CODE = "tool-failed"
"""The code of a failure whose author gave none."""

TEXT_LIMIT: Final = 10_000
"""Characters that the text of a failure may have, and its hint; a model reads them, and they count for no limit."""

_MENTIONED: Final = 10
_NAME: Final = re.compile(r"[A-Za-z_]\w{0,63}")

# The validator's own texts describe the type; texts of an author's validator and of a wrong tag quote the value.
_SAFE_KINDS: Final = frozenset(get_args(ErrorType)) - {"value_error", "assertion_error", "union_tag_invalid"}
# These say after a comma which character of the value is wrong.
_QUOTING: Final = frozenset({"uuid_parsing", "url_parsing"})


class ToolError(McpToolError):
    """A failure the tool's author saw coming; raise it inside a tool.

    The text reaches the model and the log (MCP-LOG-03), so it holds ids and parameter names, no patient data.

    Attributes:
        text: What went wrong, for the model.
        code: A stable word such as `not-found` or `too-few-criteria`.
        hint: What the caller can do about it.
        retryable: Whether the same call can succeed later.
        retry_after: Seconds to wait before that, when known.
    """

    def __init__(
        self,
        text: str,
        code: str | None = None,
        hint: str | None = None,
        retryable: bool = False,
        *,
        retry_after: float | None = None,
    ) -> None:
        """Keep what the caller needs to react."""
        super().__init__(text)
        # An exception is often given in place of its text.
        self.text = str(text)
        self.code = code or DEFAULT_CODE
        self.hint = hint
        self.retryable = retryable
        self.retry_after = retry_after


def error_result(error: ToolError) -> JsonObject:
    """The MCP result that reports a failure, as it travels; texts are cut after `TEXT_LIMIT` characters."""
    after = error.retry_after
    body: JsonObject = {
        "error": {
            "code": str(error.code)[:TEXT_LIMIT],
            "message": error.text[:TEXT_LIMIT],
            "retryable": bool(error.retryable),
            "retry_after": float(after) if after is not None and math.isfinite(after) else None,
            "hint": None if error.hint is None else str(error.hint)[:TEXT_LIMIT],
        }
    }
    # Half of a character, which a cut may leave and a tool may have, cannot be sent.
    text = json.dumps(body, ensure_ascii=False).encode("utf-8", "replace").decode()
    return {"content": [{"type": "text", "text": text}], "isError": True, "resultType": "complete"}


def invalid_arguments(
    error: ValidationError, schema: Mapping[str, Json], accepts: Callable[[str, Json], bool]
) -> ToolError:
    """Say which arguments do not fit and what would, without repeating the values (MCP-SRV-06, MCP-LOG-04).

    Args:
        error: The validator's findings.
        schema: The tool's input schema, for an example.
        accepts: Whether the tool takes a value for one of its parameters; an example that it refuses would mislead.
    """
    known = frozenset(_names(dict(schema)))
    complaints: dict[str, str] = {}
    for entry in error.errors(include_input=False, include_url=False, include_context=False):
        # A key of a free-form object is a value of the caller, so only names of the schema are repeated.
        path = ".".join(str(step) if isinstance(step, int) or step in known else "*" for step in entry["loc"])
        complaints.setdefault(path, _complaint(entry["type"], entry["msg"]))
    more = len(complaints) - _MENTIONED
    complaints = dict(islice(complaints.items(), _MENTIONED))
    hints = [text for path in complaints if (text := _expectation(path.split(".")[0], schema, accepts))]
    return ToolError(
        "; ".join(f"{name or 'arguments'}: {complaint}" for name, complaint in complaints.items())
        + (f"; and {more} more" if more > 0 else ""),
        code="invalid-input",
        hint=" ".join(dict.fromkeys(hints)) or None,
    )


def unknown_arguments(
    names: Sequence[str], schema: Mapping[str, Json], accepts: Callable[[str, Json], bool]
) -> ToolError:
    """Say that the tool has no such parameters: a filter that is silently ignored would make an answer wrong.

    Args:
        names: What it does not have.
        schema: The tool's input schema.
        accepts: Whether the tool takes a value for one of its parameters, as an example.
    """
    known = list(properties(schema))
    needed = cast("list[str]", schema.get("required") or [])
    hint = f"The parameters are: {', '.join(known) or 'none'}."
    if needed:
        example = {
            name: shown for name in needed[:_MENTIONED] if (shown := _example(name, schema, accepts)) is not None
        }
        if len(example) == len(needed):
            hint += f" For example {json.dumps(example, ensure_ascii=False)}."
    elif known and (text := _expectation(known[0], schema, accepts)):
        hint += f" {text}"
    return ToolError(
        "; ".join(f"{name if _NAME.fullmatch(name) else '*'}: no such parameter" for name in names[:_MENTIONED]),
        code="invalid-input",
        hint=hint,
    )


def properties(schema: Mapping[str, Json]) -> dict[str, JsonObject]:
    """The parameters that an input schema describes."""
    return cast("dict[str, JsonObject]", schema.get("properties") or {})


def _complaint(kind: str, message: str) -> str:
    if kind == "missing":
        return "is required"
    if kind not in _SAFE_KINDS:
        return "is not valid"
    if kind in _QUOTING:
        message = message.partition(",")[0]
    return message[:1].lower() + message[1:]


def _expectation(name: str, schema: Mapping[str, Json], accepts: Callable[[str, Json], bool]) -> str | None:
    wanted = properties(schema).get(name)
    if wanted is None:
        return None
    described = wanted.get("description")
    about = f" ({described})" if isinstance(described, str) else ""
    shown = _example(name, schema, accepts)
    if shown is None:
        return f"{name}{about}." if about else None
    return f"{name}{about}, for example {json.dumps(shown, ensure_ascii=False)}."


def _example(name: str, schema: Mapping[str, Json], accepts: Callable[[str, Json], bool]) -> Json:
    wanted = properties(schema).get(name, {})
    return next((value for value in examples(wanted, dict(schema)) if accepts(name, value)), None)


def _names(schema: Json) -> Iterator[str]:
    if isinstance(schema, dict):
        yield from properties(schema)
        for part in schema.values():
            yield from _names(part)
    elif isinstance(schema, list):
        for part in schema:
            yield from _names(part)
