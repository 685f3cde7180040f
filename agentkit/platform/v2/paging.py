"""Pages by cursor (V2-PAGE-01): a size, and a token that only the list that gave it takes back."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from hashlib import blake2b
from typing import Final

from starlette.requests import Request

from agentkit.platform.problems import Problem

LARGEST_PAGE: Final = 200
DEFAULT_PAGE: Final = 50
_CHECK: Final = 6
_MOST_DIGITS: Final = 18


@dataclass(frozen=True, slots=True)
class PageRequest:
    """What a client asked for.

    Attributes:
        size: How many items at most.
        after: Behind which item the page begins, as the list wrote it into the token; None for the first page.
    """

    size: int
    after: str | None

    @property
    def number(self) -> int:
        """The item behind which the page begins, where the list counts its items; 0 for the first page.

        Raises:
            Problem: 400, the list never wrote such a token.
        """
        if self.after is None:
            return 0
        if not (self.after.isascii() and self.after.isdigit() and len(self.after) <= _MOST_DIGITS):
            raise _foreign_token()
        return int(self.after)


def read_page(request: Request, listing: str) -> PageRequest:
    """`pageSize` and `pageToken` of a query.

    Args:
        request: What came in.
        listing: The name of the list; a token of another list is refused.

    Raises:
        Problem: 400, the size is not 1 to 200, or the token is none of this list's.
    """
    given = request.query_params.get("pageSize", str(DEFAULT_PAGE))
    size = int(given) if given.isascii() and given.isdigit() and len(given) < len(str(LARGEST_PAGE)) + 1 else 0
    if not 1 <= size <= LARGEST_PAGE:
        raise bad_query("pageSize", f"must be an integer from 1 to {LARGEST_PAGE}")
    token = request.query_params.get("pageToken")
    return PageRequest(size, None if not token else _read(token, listing))


def page_token(listing: str, after: str) -> str:
    """The token with which the page behind an item is fetched."""
    return urlsafe_b64encode(_check(listing, after) + after.encode()).decode().rstrip("=")


def bad_query(name: str, why: str) -> Problem:
    """400 for a query parameter that does not fit."""
    return Problem(400, "invalid_query", f"The query parameter {name} {why}.")


def _read(token: str, listing: str) -> str:
    try:
        content = urlsafe_b64decode(token.encode() + b"=" * (-len(token) % 4))
        after = content[_CHECK:].decode()
    except ValueError:
        after = ""
    if not after or page_token(listing, after) != token:
        raise _foreign_token()
    return after


def _foreign_token() -> Problem:
    return bad_query("pageToken", "is not a token of this list: repeat the one from nextPageToken")


def _check(listing: str, after: str) -> bytes:
    return blake2b(f"{listing}\n{after}".encode(), digest_size=_CHECK, person=b"agentkit-page").digest()
