"""What belongs to a span: the block whose spans are its children."""

from __future__ import annotations

from contextlib import AbstractContextManager
from types import TracebackType
from typing import TYPE_CHECKING

from agentkit.tracing.recording import Place, place

if TYPE_CHECKING:
    from contextvars import Token

    from opentelemetry.context import Context
    from opentelemetry.trace import Span as OtelSpan


class Within(AbstractContextManager[None]):
    """Around what belongs to a span; a class, since a stream enters it at each step."""

    __slots__ = ("_above", "_otel", "_place", "_token")

    def __init__(self, otel: OtelSpan, below: Place | None) -> None:
        """Spans opened in the block are children of this one, for OpenTelemetry and for a recorder."""
        self._otel = otel
        self._place = below
        self._above: Token[Place | None] | None = None
        self._token: Token[Context] | None = None

    def __enter__(self) -> None:
        if self._place is not None:
            self._above = place.set(self._place)
        # A span that is not valid is nobody's parent: without an SDK there is nothing to make current.
        if self._otel.get_span_context().is_valid:
            from opentelemetry import context, trace

            self._token = context.attach(trace.set_span_in_context(self._otel))

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._token is not None:
            from opentelemetry import context

            context.detach(self._token)
        if self._above is not None:
            place.reset(self._above)
