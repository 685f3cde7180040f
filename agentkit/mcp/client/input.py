"""What a caller gives a client, checked before anything is sent: the SDK would end the connection over it."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit

import httpx2

from agentkit.errors import SpecError
from agentkit.models import Json

_LABEL: Final = re.compile(r"[A-Za-z0-9_-]{1,63}")
_LONGEST_HOST: Final = 253


def checked_address(field: str, url: str) -> str:
    """The host of an address that a request can be sent to.

    Args:
        field: What the address was given as, for the error.
        url: The address.

    Raises:
        SpecError: It is no http or https URL, or holds a user or a password.
    """
    try:
        parts = urlsplit(url)
        fits = parts.scheme in {"http", "https"} and not (parts.username or parts.password)
        address = httpx2.URL(url)
        fits = fits and parts.port != 0 and _is_host(address.raw_host.decode("ascii"))
        host = parts.hostname
    except (ValueError, TypeError, AttributeError, httpx2.InvalidURL):  # whatever is no text, too
        fits, host = False, None
    if not fits or not host:
        raise SpecError(field, "must be an http or https URL without user and password")
    return host


def checked_limit(field: str, wanted: float | None, default: float = 0.0) -> float:
    """The seconds that something may take: `default` where nothing is wanted.

    Raises:
        SpecError: They are none.
    """
    seconds = default if wanted is None else wanted
    # Untyped callers give texts.
    number = isinstance(seconds, int | float)  # pyright: ignore[reportUnnecessaryIsInstance]
    if not number or not 0 < seconds < math.inf:
        raise SpecError(field, "must be a positive number of seconds")
    return seconds


def checked_call(name: str, arguments: Mapping[str, Json]) -> tuple[str, dict[str, Json]]:
    """The name of a tool and its arguments.

    Raises:
        SpecError: They cannot be sent as JSON.
    """
    try:
        name.encode()
    except (UnicodeError, AttributeError):
        raise SpecError("call_tool.name", "is no text that can be sent") from None
    try:
        given = dict(arguments)
        json.dumps(given, allow_nan=False, ensure_ascii=False).encode()
    except (TypeError, ValueError, RecursionError):
        raise SpecError("call_tool.arguments", "hold something that JSON cannot say") from None
    if not all(isinstance(key, str) for key in given):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise SpecError("call_tool.arguments", "must have texts for names")
    return name, given


def _is_host(host: str) -> bool:
    if ":" in host:  # IPv6, which the parser has read
        return True
    return len(host) <= _LONGEST_HOST and all(map(_LABEL.fullmatch, host.removesuffix(".").split(".")))
