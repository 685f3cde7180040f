"""One API call as data: what to send and how to read the answer. Nothing here does I/O."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Generic, Literal, TypeVar, cast
from urllib.parse import quote

from agentkit.errors import SpecError, WireError

if TYPE_CHECKING:
    from agentkit.models import Json, JsonObject
    from agentkit.tracing import AttributeValue

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

_MEDIA_TYPE: Final = re.compile(r"[\w.+-]{1,60}/[\w.+-]{1,60}")

Root = Literal["agents", "base", "login"]
"""Which of the four addresses of an environment a path hangs below."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole HTTP answer.

    Attributes:
        status: The HTTP status.
        headers: Names in lower case.
        body: At most as large as a client accepts; empty where it is open.
        is_open: The answer is a stream of events that follows.
    """

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    is_open: bool = False

    def json(self) -> Json:
        """The body as JSON.

        Raises:
            WireError: It is empty or no JSON.
        """
        from agentkit.wire.jsontext import parse_json

        try:
            return parse_json(self.body, "answer")
        except WireError as error:
            remedy = f"It is {self.kind()}; check that CORTI_BASE_URL or CORTI_ENVIRONMENT leads to Corti."
            raise WireError(error.path, error.reason, error.detail, remedy=remedy) from None

    def kind(self) -> str:
        """In words, what the body is said to be; nothing of what it holds."""
        if not self.body:
            return "empty"
        media_type = self.headers.get("content-type", "").partition(";")[0].strip()
        return media_type if _MEDIA_TYPE.fullmatch(media_type) else "of unknown type"


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation(Generic[T_co]):
    """One API call.

    Attributes:
        name: The hop in traces, for example `client.send`.
        method: The HTTP method.
        root: The address the path hangs below.
        path: Begins with a slash; made by `path()`.
        parse: Reads a successful answer.
        query: Left out where empty; several values repeat the key.
        body: Sent as JSON.
        form: Sent as a form, in place of a body.
        content: Sent as it is, in place of a body.
        content_type: The media type of `body` or `content` where it is not JSON, for example a merge patch.
        headers: Beside those of every call, for example `A2A-Version` (HDR-04).
        accept: The media type asked for.
        max_answer: Bytes of the largest answer read; None for `agentkit.client.http.MAX_ANSWER`.
        is_repeatable: May be sent again after an answer that does not rule out that the work was done.
        is_authorized: Carries the access token and `Tenant-Name` (HDR-01).
        attributes: Ids and sizes for the span.
        secrets: Values in the body that must not come back in an error.
    """

    name: str
    method: str
    path: str
    parse: Callable[[Answer], T_co] = field(repr=False)
    root: Root = "agents"
    query: Mapping[str, str | Sequence[str]] = field(default_factory=dict[str, "str | Sequence[str]"])
    body: JsonObject | None = field(default=None, repr=False)
    form: Mapping[str, str] | None = field(default=None, repr=False)
    content: bytes | None = field(default=None, repr=False)
    content_type: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    accept: str = "application/json"
    max_answer: int | None = None
    is_repeatable: bool = True
    is_authorized: bool = True
    attributes: Mapping[str, AttributeValue | None] = field(default_factory=dict[str, "AttributeValue | None"])
    secrets: frozenset[str] = field(default=frozenset(), repr=False)

    def span_attributes(self) -> dict[str, AttributeValue | None]:
        """What the span of the call says from the start."""
        return {**self.attributes, "http.request.method": self.method, "url.path": self.path}


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamOperation(Operation[T_co]):
    """One API call that is answered by server-sent events (V1-RPC-02, V2-SSE-01).

    `parse` reads an answer that is one JSON document in place of a stream, as some refusals are (V1-ERR-05).

    Attributes:
        decode: Reads the JSON document of one event; None for an event of a kind this version does not know.
    """

    decode: Callable[[Json], T_co | None] = field(repr=False)
    accept: str = "text/event-stream"


def path(template: str, **ids: str) -> str:
    """Fill ids into a path.

    Args:
        template: For example `/agents/{agent_id}`.
        ids: Percent-encoded, so that none can lead to another path.

    Raises:
        SpecError: An id is no text, empty, a dot segment, or half a surrogate pair.
    """
    for name, value in ids.items():
        given = cast(object, value)  # a caller may hand over anything
        if not isinstance(given, str) or given in {"", ".", ".."} or not is_sendable(given):
            raise SpecError(name, "is no id", remedy="Pass the id the server gave.")
    return template.format_map({name: quote(value, safe="") for name, value in ids.items()})


def query(**parameters: str | float | bool | Sequence[str] | None) -> dict[str, str | Sequence[str]]:
    """The query parameters that are given, as the wire spells them; a sequence repeats its key.

    Raises:
        SpecError: One holds half a surrogate pair.
    """
    given = {name: _query_value(value) for name, value in parameters.items() if value is not None}
    for name, value in given.items():
        if not is_sendable("".join(value)):
            raise SpecError(name, "holds half a surrogate pair, which cannot be sent")
    return given


def is_sendable(text: str) -> bool:
    """Whether a text has an encoding: half a surrogate pair has none."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _query_value(value: str | float | bool | Sequence[str]) -> str | Sequence[str]:
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, int | float) else value
