"""How operations read an answer that was a success."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from agentkit.client.operation import Answer
from agentkit.client.page import Page
from agentkit.errors import WireError

T = TypeVar("T")


def read_json(decode: Callable[[object], T]) -> Callable[[Answer], T]:
    """Reads the body as one JSON document."""

    def read(answer: Answer) -> T:
        try:
            return decode(answer.json())
        except WireError as error:
            if error.path:
                raise
            raise WireError("answer", error.reason, error.detail, remedy=error.remedy) from None

    return read


def read_page(decode: Callable[[object], tuple[tuple[T, ...], str | None]]) -> Callable[[Answer], Page[T]]:
    """Reads the body as a page of a list (V2-PAGE-01)."""
    return read_json(lambda document: page_of(*decode(document)))


def page_of(items: tuple[T, ...], next_token: str | None) -> Page[T]:
    """A page whose token the server gave."""
    return Page(items, next_token, is_full=next_token is not None)


def read_nothing(answer: Answer) -> None:
    """Leaves the body unread, whatever stands in it (SDKC-04), save a proxy's page.

    Raises:
        WireError: It is a page.
    """
    _refuse_page(answer)


def read_bytes(answer: Answer) -> bytes:
    """The body as it is.

    Raises:
        WireError: It is a page of a proxy.
    """
    _refuse_page(answer)
    return answer.body


def _refuse_page(answer: Answer) -> None:
    """A proxy that wants a sign-in answers 200 with a page, and Corti has not seen the call."""
    if answer.kind().lower() in {"text/html", "application/xhtml+xml"}:
        remedy = "Check that CORTI_BASE_URL or CORTI_ENVIRONMENT leads to Corti, and what the network's proxy wants."
        raise WireError("answer", "type", f"is a page ({answer.kind()}), as a proxy sends it", remedy=remedy)
