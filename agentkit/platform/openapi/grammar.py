"""Words to write an OpenAPI document with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from agentkit.models import Json, JsonObject

JSON: Final = "application/json"
EVENTS: Final = "text/event-stream"
FORM: Final = "application/x-www-form-urlencoded"
MERGE_PATCH: Final = "application/merge-patch+json"


def ref(name: str) -> JsonObject:
    """A schema of the document."""
    return {"$ref": f"#/components/schemas/{name}"}


def words(*, least: int = 1, most: int | None = None) -> JsonObject:
    """Text that is not blank."""
    schema: JsonObject = {"type": "string", "minLength": least, "pattern": r"\S"}
    return schema if most is None else {**schema, "maxLength": most}


def text(*, most: int | None = None) -> JsonObject:
    """Any text."""
    return {"type": "string"} if most is None else {"type": "string", "maxLength": most}


def one_of(*values: str) -> JsonObject:
    """One of these words."""
    return {"type": "string", "enum": list(values)}


def listed(items: JsonObject, *, most: int | None = None) -> JsonObject:
    """A list."""
    schema: JsonObject = {"type": "array", "items": items}
    return schema if most is None else {**schema, "maxItems": most}


def whole(least: int = 0, most: int | None = None) -> JsonObject:
    """A whole number."""
    schema: JsonObject = {"type": "integer", "minimum": least}
    return schema if most is None else {**schema, "maximum": most}


def nullable(schema: JsonObject) -> JsonObject:
    """The same, or null."""
    if isinstance(schema.get("type"), str) and "enum" not in schema:
        return {**schema, "type": [schema["type"], "null"]}
    return {"anyOf": [schema, {"type": "null"}]}


def record(
    required: Mapping[str, JsonObject], optional: Mapping[str, JsonObject] | None = None, *, closed: bool = False
) -> JsonObject:
    """An object.

    Args:
        required: Fields that are always there.
        optional: Fields that may be there.
        closed: There are no others.
    """
    schema: JsonObject = {
        "type": "object",
        "properties": {
            **required,
            **(optional or {}),
        },
    }
    if required:
        schema["required"] = list(required)
    if closed:
        schema["additionalProperties"] = False
    return schema


ANYTHING: Final[JsonObject] = {"type": "object"}
FLAG: Final[JsonObject] = {"type": "boolean"}
_EVENT: Final = record({"data": {"type": "string", "contentMediaType": JSON}}, {"id": text()})
"""One event of a stream: one JSON document on one `data:` line (SDKC-07)."""
TIME: Final[JsonObject] = {"type": "string", "format": "date-time"}


def query(name: str, schema: JsonObject, description: str) -> JsonObject:
    """A parameter of the query, which may be left out."""
    return {"name": name, "in": "query", "required": False, "schema": schema, "description": description}


def variable(name: str, schema: JsonObject, description: str) -> JsonObject:
    """A variable of the address."""
    return {"name": name, "in": "path", "required": True, "schema": schema, "description": description}


def header(name: str, schema: JsonObject, description: str) -> JsonObject:
    """A header of the request, which may be left out."""
    return {"name": name, "in": "header", "required": False, "schema": schema, "description": description}


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation as it is written down.

    Attributes:
        id: Its name in the document.
        summary: What it is for, in one line.
        success: Answers that are no errors, by status: a schema, or None for no body.
        refusals: Statuses of errors beside those that every operation of the plane has.
        body: The schema of the body; None for none.
        media_type: Of the body.
        needs_body: The body may not be left out.
        parameters: Of query and headers.
        streams: The success may be a stream of events, too.
        headers: Further headers of the success.
    """

    id: str
    summary: str
    success: Mapping[int, JsonObject | None]
    refusals: Sequence[int] = ()
    body: JsonObject | None = None
    media_type: str = JSON
    needs_body: bool = True
    parameters: Sequence[JsonObject] = ()
    streams: bool = False
    headers: Mapping[str, str] = field(default_factory=dict[str, str])

    def written(self, tag: str, refused: Mapping[int, JsonObject]) -> JsonObject:
        """The operation object.

        Args:
            tag: Its group.
            refused: The answer for each status of an error that it has.
        """
        responses: dict[str, Json] = {}
        for status, schema in self.success.items():
            responses[str(status)] = self._success(schema)
        for status in sorted(refused):
            responses[str(status)] = refused[status]
        written: JsonObject = {"operationId": self.id, "summary": self.summary, "tags": [tag], "responses": responses}
        if self.parameters:
            written["parameters"] = list(self.parameters)
        if self.body is not None:
            written["requestBody"] = {"required": self.needs_body, "content": {self.media_type: {"schema": self.body}}}
        return written

    def _success(self, schema: JsonObject | None) -> JsonObject:
        answer: JsonObject = {"description": self.summary}
        if self.headers:
            answer["headers"] = {
                name: {"description": said, "required": True, "schema": {"type": "string"}}
                for name, said in self.headers.items()
            }
        content: dict[str, Json] = {}
        if schema is not None:
            content[JSON] = {"schema": schema}
        if self.streams:
            content[EVENTS] = {"schema": _EVENT}
        if content:
            answer["content"] = content
        return answer
