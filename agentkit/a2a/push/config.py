"""Push notification configurations: where a client wants to be told about one of its tasks (a2a.md, section 2)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

from agentkit.models import JsonObject, new_id
from agentkit.wire.reader import Reader

_LONGEST: Final = {"id": 128, "url": 2048, "token": 4096, "scheme": 64, "credentials": 8192}


@dataclass(frozen=True, slots=True)
class PushConfig:
    """A configuration; its secrets are shown to nobody but its owner and the receiver.

    Attributes:
        id: Made by the server where the client names none (A2A-PUSH-02).
        task_id: Whose updates are sent.
        url: Where to.
        token: Sent as `X-A2A-Notification-Token`, so that the receiver knows whom it asked.
        scheme: Of the `Authorization` header (A2A-PUSH-04).
        credentials: Of the `Authorization` header.
    """

    id: str
    task_id: str
    url: str
    token: str | None = field(default=None, repr=False)
    scheme: str | None = None
    credentials: str | None = field(default=None, repr=False)

    def headers(self) -> Mapping[str, str]:
        """What tells the receiver that it is us (A2A-PUSH-04)."""
        headers: dict[str, str] = {}
        if self.scheme is not None:
            headers["Authorization"] = f"{self.scheme} {self.credentials}" if self.credentials else self.scheme
        if self.token is not None:
            headers["X-A2A-Notification-Token"] = self.token
        return headers


def decode_push_config(value: object, task_id: str, path: str = "") -> PushConfig:
    """A configuration as a client sends it.

    Args:
        value: The JSON object.
        task_id: The task it is for; one inside the object must be the same.
        path: Where the object stands in the request.

    Raises:
        WireError: A field is missing, too long, or cannot travel in a header, or names another task.
    """
    reader = Reader(value, path)
    named = reader.optional_text("taskId")
    if named not in (None, "", task_id):
        reader.fail("taskId", "value", "is not the task of the request")
    authentication = Reader(reader.optional_object("authentication") or {}, reader.at("authentication"))
    scheme = _header_text(authentication, "scheme")
    if scheme is None and reader.has("authentication"):
        authentication.fail("scheme", "missing", "is required")
    return PushConfig(
        id=_identifier(reader) or new_id(),
        task_id=task_id,
        url=_url(reader),
        token=_header_text(reader, "token"),
        scheme=scheme,
        credentials=_header_text(authentication, "credentials"),
    )


def encode_push_config(config: PushConfig) -> JsonObject:
    """A configuration as its owner sees it."""
    wire: JsonObject = {"id": config.id, "taskId": config.task_id, "url": config.url}
    if config.token is not None:
        wire["token"] = config.token
    if config.scheme is not None:
        authentication: JsonObject = {"scheme": config.scheme}
        if config.credentials is not None:
            authentication["credentials"] = config.credentials
        wire["authentication"] = authentication
    return wire


def _identifier(reader: Reader) -> str | None:
    """An id that can stand in an address of HTTP+JSON, which is where it is read and deleted."""
    text = _header_text(reader, "id")
    if text is not None and ("/" in text or text in {".", ".."}):
        reader.fail("id", "value", "must be one segment of a path")
    return text


def _header_text(reader: Reader, key: str) -> str | None:
    text = reader.optional_text(key)
    if not text:
        return None
    if len(text) > _LONGEST[key]:
        reader.fail(key, "value", f"must not be longer than {_LONGEST[key]} characters")
    if not text.isascii() or not text.isprintable():
        reader.fail(key, "value", "must be printable ASCII, as it travels in a header")
    return text


def _url(reader: Reader) -> str:
    url = reader.words("url")
    if len(url) > _LONGEST["url"]:
        reader.fail("url", "value", f"must not be longer than {_LONGEST['url']} characters")
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        reader.fail("url", "value", "is no address")
    if parts.scheme not in {"http", "https"} or not parts.hostname or not url.isascii() or not url.isprintable():
        reader.fail("url", "value", "must be an absolute https address")
    if parts.username is not None or parts.password is not None or parts.fragment:
        reader.fail("url", "value", "must hold neither a user name nor a fragment; use authentication")
    return url
