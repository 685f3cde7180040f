"""Opens an event stream, in the shape that a fault may have given it."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import TYPE_CHECKING, cast

from starlette.requests import Request
from starlette.responses import Response

from tests.contract.corti_double.faults import Shape
from tests.contract.corti_double.schema import JsonObject
from tests.contract.corti_double.sse import EventStream

if TYPE_CHECKING:
    from tests.contract.corti_double.double import CortiDouble


def stream(
    double: CortiDouble,
    request: Request,
    events: AsyncGenerator[tuple[int, JsonObject]],
    *,
    ids: bool,
    headers: dict[str, str] | None = None,
) -> Response:
    """The answer that streams these documents."""
    shape = request.scope.get("corti.shape") or Shape()

    def opened() -> None:
        double.streams += 1
        double.open_streams += 1
        double.stream_signal.notify()

    def closed() -> None:
        double.open_streams -= 1
        double.stream_signal.notify()

    answer = EventStream(events, shape, ids=ids, headers=headers, on_open=opened, on_close=closed)
    # Starlette calls what an endpoint returns; it need not be one of its own responses.
    return cast("Response", answer)
