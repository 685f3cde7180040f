"""A collector as OpenTelemetry's exporter reaches it; that it is away is told once, in words of ours."""

from __future__ import annotations

import logging
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final

from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult

_log = logging.getLogger("agentkit.platform")

_TALKERS: Final = ("opentelemetry.exporter.otlp.proto.http.trace_exporter", "opentelemetry.sdk._shared_internal")
_silent: ContextVar[bool] = ContextVar("agentkit_otlp_silent", default=False)


class CollectorExporter(SpanExporter):
    """Passes spans on to an exporter, and says when the collector goes away and when it is back."""

    def __init__(self, exporter: SpanExporter, place: str) -> None:
        """Wrap an exporter.

        Args:
            exporter: What sends.
            place: Where the collector is, for the log.
        """
        self._exporter = exporter
        self._place = place
        self._lost = 0
        self._is_closed = False
        for name in _TALKERS:
            logging.getLogger(name).addFilter(_is_heard)

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Send spans."""
        with silence():
            result = self._exporter.export(spans)
        if result is SpanExportResult.SUCCESS:
            if self._lost:
                _log.warning(
                    "the collector at %s takes traces again; %s spans did not get there", self._place, self._lost
                )
            self._lost = 0
            return result
        if not self._lost:
            _log.warning("the collector at %s is away or refuses traces; they are kept here all the same", self._place)
        self._lost += len(spans)
        return result

    def shutdown(self) -> None:
        """End; a second time does nothing."""
        if not self._is_closed:
            self._is_closed = True
            with silence():
                self._exporter.shutdown()


@contextmanager
def silence() -> Generator[None]:
    """Keep to itself what OpenTelemetry logs of our traces while the block runs; what it logs of others is heard."""
    token = _silent.set(True)
    try:
        yield
    finally:
        _silent.reset(token)


def _is_heard(record: logging.LogRecord) -> bool:
    del record
    return not _silent.get()
