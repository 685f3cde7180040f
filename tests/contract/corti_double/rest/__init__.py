"""The REST endpoints of section 19 that the double serves beside the agents."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.routing import Route

if TYPE_CHECKING:
    from tests.contract.corti_double import CortiDouble


def routes(double: CortiDouble) -> list[Route]:
    """The REST routes over the double's state."""
    return []
