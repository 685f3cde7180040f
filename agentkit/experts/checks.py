"""What the author of an expert wrote, looked at when it is written: each error names the argument."""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping
from typing import Final

from agentkit.errors import SpecError
from agentkit.experts.prompt import check_sendable
from agentkit.specs import Authorization

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


def check_texts(required: Mapping[str, object], optional: Mapping[str, object]) -> None:
    """Refuse texts that are none, or that nobody could send.

    Args:
        required: Arguments by name that must say something.
        optional: Others.

    Raises:
        SpecError: One of them is something else.
    """
    for name, text in required.items():
        if not isinstance(text, str) or not text.strip():
            raise SpecError(f"Expert.{name}", "must be a text that is not empty", remedy="Agents choose by it.")
    for name, text in {**required, **optional}.items():
        if text is None:
            continue
        if not isinstance(text, str):
            raise SpecError(f"Expert.{name}", f"is a {type(text).__name__}; it must be a text")
        check_sendable(f"Expert.{name}", text)


def check_own_server(server: object, *, lifespan: object, instructions: str | None, max_concurrency: object) -> None:
    """Refuse what its own MCP server cannot be made with.

    Args:
        server: The installed server whose tools it uses; None where it has its own.
        lifespan: As `Expert` takes it.
        instructions: Likewise.
        max_concurrency: Likewise.

    Raises:
        SpecError: One of them does not fit, or is given although the server is an installed one.
    """
    given = {"lifespan": lifespan, "instructions": instructions, "max_concurrency": max_concurrency}
    for name, value in given.items():
        if server is not None and value is not None:
            raise SpecError(f"Expert.{name}", "is for an expert with tools of its own", remedy="Leave it out.")
    if lifespan is not None and not callable(lifespan):
        raise SpecError("Expert.lifespan", "must be a function that makes an async context manager")
    if inspect.isasyncgenfunction(lifespan) or inspect.iscoroutinefunction(lifespan):
        remedy = "Decorate an async function that yields once with contextlib.asynccontextmanager."
        raise SpecError("Expert.lifespan", "makes no context manager", remedy=remedy)
    is_count = isinstance(max_concurrency, int) and not isinstance(max_concurrency, bool) and max_concurrency >= 1
    if max_concurrency is not None and not is_count:
        raise SpecError("Expert.max_concurrency", "must be a whole number of at least 1")


def read_name(field: str, given: object) -> str:
    """A name of an expert or a server, which becomes part of an address.

    Raises:
        SpecError: It is none.
    """
    if not isinstance(given, str) or not _NAME.fullmatch(given):
        shown = repr(given[:64]) if isinstance(given, str) else f"a {type(given).__name__}"
        raise SpecError(
            field,
            f"is {shown}; it must be letters, digits, '.', '_' and '-', at most 64, and begin with a letter or digit",
            remedy="For example lab-lookup.",
        )
    return given


def read_authorization(field: str, given: object) -> Authorization:
    """An authorization, given as itself or as its word.

    Raises:
        SpecError: There is no such word.
    """
    try:
        return Authorization(str(given))
    except ValueError:
        known = ", ".join(repr(word.value) for word in Authorization)
        raise SpecError(field, f"must be one of {known}") from None
