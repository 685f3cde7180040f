# Made from resources/pages.py: change that file, then run `make twins`.
"""Lists that come page by page (V2-PAGE-01, V1-AGENT-07)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Generic, TypeVar

from agentkit.client.page import Page
from agentkit.errors import SpecError, WireError

if TYPE_CHECKING:
    from agentkit.client.blocking_session import BlockingSession
    from agentkit.client.operation import Operation

S = TypeVar("S")
T = TypeVar("T")


class BlockingPages(Generic[S, T]):
    """A list of any length; pages are asked for as they are needed.

    ```python
    for agent in corti.agents.list():
        ...
    first = corti.agents.list(limit=10).all()
    ```

    Iterating again asks the server again.
    """

    def __init__(
        self,
        session: BlockingSession,
        ask: Callable[[str | None], Operation[Page[S]]],
        make: Callable[[S], T],
        *,
        limit: int | None = None,
    ) -> None:
        """Made by the methods that list.

        Args:
            session: Sends the calls.
            ask: The operation for a page token; None for the first page.
            make: What is shown for an item.
            limit: At most so many items; None for all.

        Raises:
            SpecError: The limit is below zero.
        """
        if limit is not None and limit < 0:
            raise SpecError("limit", "must be from 0 up, or None for all")
        self._session = session
        self._ask = ask
        self._make = make
        self._limit = limit

    def __iter__(self) -> Iterator[T]:
        """All items, in the server's order."""
        left = self._limit
        for page in self.pages():
            yield from page.items[:left]
            if left is not None:
                left -= len(page.items)

    def pages(self) -> Iterator[Page[T]]:
        """The pages as the server gives them, until the limit is reached; it does not cut the last one.

        Raises:
            WireError: The server gives the same full page or the same token again.
        """
        token: str | None = None
        seen: set[str] = set()
        last: tuple[S, ...] | None = None
        count = 0
        while self._limit is None or count < self._limit:
            page = self._session.call(self._ask(token))
            if page.items and page.items == last:
                if page.is_full:
                    raise WireError("page", "value", "is the one before again; what follows it cannot be reached")
                # The server does not know paging and gives everything each time.
                return
            last = page.items
            yield Page(tuple(self._make(item) for item in page.items), page.next_token, page.is_full)
            count += len(page.items)
            token = page.next_token
            if token is None:
                return
            if token in seen:
                raise WireError("nextPageToken", "value", "was given before; the list would never end")
            seen.add(token)

    def all(self) -> tuple[T, ...]:
        """All items at once; give a limit where the list may be long."""
        return tuple(self)


def same(item: T) -> T:
    """Shows an item as it is."""
    return item
