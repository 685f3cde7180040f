"""Opaque, signed cursors: the place in one question about one patient, usable for nothing else (EHR-P1)."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import cast

from agentkit.mcp import ToolError
from agentkit_servers.ehr.queries import Position

_SIGNATURE = 16


def question_key(tool: str, arguments: Mapping[str, object]) -> str:
    """A fingerprint of a question: everything that decides which records match."""
    text = json.dumps([tool, arguments], sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:24]


def seal(secret: bytes, question: str, position: Position) -> str:
    """The cursor that goes on after a position."""
    body = json.dumps([question, *position], separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(_sign(secret, body) + body).decode().rstrip("=")


def unseal(secret: bytes, question: str, cursor: str) -> Position:
    """The position a cursor stands for.

    Raises:
        ToolError: The cursor is not ours, or belongs to another question (`cursor-expired`).
    """
    try:
        raw = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
    except (ValueError, binascii.Error):
        raise _expired() from None
    signature, body = raw[:_SIGNATURE], raw[_SIGNATURE:]
    if not hmac.compare_digest(signature, _sign(secret, body)):
        raise _expired()
    asked, rank, newest, rid = cast("tuple[str, int, int, int]", json.loads(body))
    if asked != question:
        raise _expired()
    return Position(rank, newest, rid)


def _sign(secret: bytes, body: bytes) -> bytes:
    return hmac.new(secret, body, hashlib.sha256).digest()[:_SIGNATURE]


def _expired() -> ToolError:
    return ToolError(
        "cursor: belongs to another question or is no longer valid.",
        code="cursor-expired",
        hint="Leave cursor out to start again, and keep every other argument the same while paging.",
    )
