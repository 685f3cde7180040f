"""Finished traces to a collector over OTLP, from a thread of their own; a collector that is away disturbs nothing."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, Final, Self
from urllib.parse import urlsplit

from agentkit.errors import ConfigurationError
from agentkit.oauth.exchange import origin_of
from agentkit.platform.origins import has_origin
from agentkit.platform.traces.openinference import attributes, named
from agentkit.platform.traces.recorder import TurnTrace
from agentkit.tracing import Recorded

if TYPE_CHECKING:
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import ReadableSpan
    from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter
    from opentelemetry.trace import SpanContext

QUEUE: Final = 4096
"""So many spans wait for the collector; behind them the oldest are dropped."""

BATCH: Final = 512
DELAY_MS: Final = 1000
TIMEOUT: Final = 5.0
"""Seconds that the collector has for a batch."""

CLOSING: Final = 2.0
"""Seconds that closing waits for what is left."""

_SERVICE: Final = "agentkit-platform"


class OtlpExporter:
    """Implements `agentkit.platform.traces.traces.Exporter`.

    Headers and certificates are taken from the variables of OpenTelemetry (`OTEL_EXPORTER_OTLP_HEADERS`, ...).
    """

    def __init__(self, processor: BatchSpanProcessor, exporter: SpanExporter, resource: Resource) -> None:
        """Use `open`."""
        self._processor = processor
        self._exporter = exporter
        self._resource = resource

    @classmethod
    async def open(cls, endpoint: str) -> Self:
        """Begin to export; nothing is sent yet, so a collector that is away is no error.

        Args:
            endpoint: The collector's address, `http://host:4318`, with or without `/v1/traces`.

        Raises:
            ConfigurationError: The exporter is not installed, or the address is none.
        """
        if not has_origin(endpoint):
            raise ConfigurationError(
                "otlp_endpoint", "must be an http or https URL", remedy="Try http://localhost:4318."
            )
        url = endpoint if urlsplit(endpoint).path.strip("/") else f"{endpoint.rstrip('/')}/v1/traces"
        return await asyncio.to_thread(cls._opened, url)

    @classmethod
    def _opened(cls, url: str) -> Self:
        try:
            from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
            from opentelemetry.sdk.resources import Resource
            from opentelemetry.sdk.trace.export import BatchSpanProcessor
        except ImportError as error:
            raise ConfigurationError(
                "otlp_endpoint", "needs an exporter that is not installed", remedy='pip install "corti-agentkit[otlp]"'
            ) from error
        from agentkit.platform.traces.collector import CollectorExporter

        exporter = CollectorExporter(OTLPSpanExporter(endpoint=url, timeout=TIMEOUT), origin_of(url))
        processor = BatchSpanProcessor(
            exporter, max_queue_size=QUEUE, max_export_batch_size=BATCH, schedule_delay_millis=DELAY_MS
        )
        return cls(processor, exporter, Resource.create({"service.name": _SERVICE}))

    def export(self, trace: TurnTrace) -> None:
        """Put the spans of a turn into line."""
        from agentkit.platform.traces.collector import silence

        with silence():  # it tells of each span for which there is no room
            for span in trace.spans:
                self._processor.on_end(self._spelled(trace, span))

    async def close(self) -> None:
        """Send what is left, as far as the collector takes it in time."""
        await asyncio.to_thread(self._close)

    def _close(self) -> None:
        # The SDK would wait for half a minute; a thread that is left behind holds nobody up.
        ending = threading.Thread(target=self._processor.shutdown, name="agentkit-otlp-close", daemon=True)
        ending.start()
        ending.join(CLOSING)
        if ending.is_alive():
            self._exporter.shutdown()
            ending.join(CLOSING / 2)

    def _spelled(self, trace: TurnTrace, span: Recorded) -> ReadableSpan:
        from opentelemetry.sdk.trace import ReadableSpan
        from opentelemetry.trace import Status, StatusCode

        parent = span.parent_id or trace.caller_id
        began = int(trace.began.timestamp() * 1e9)
        return ReadableSpan(
            name=_sendable(named(span)),
            context=_context(trace.trace_id, span.span_id),
            parent=_context(trace.trace_id, parent, remote=not span.parent_id) if parent else None,
            resource=self._resource,
            attributes={
                name: _sendable(value) if isinstance(value, str) else value
                for name, value in attributes(span, trace.context_id).items()
            },
            status=Status(StatusCode.UNSET if span.error is None else StatusCode.ERROR),
            start_time=began + int((span.started - trace.origin) * 1e9),
            end_time=began + int((span.ended - trace.origin) * 1e9),
        )


def _sendable(text: str) -> str:
    """Text without halves of surrogate pairs, which somebody may have said: one would cost the whole batch."""
    return text.encode("utf-8", "replace").decode()


def _context(trace_id: int, span_id: int, *, remote: bool = False) -> SpanContext:
    from opentelemetry.trace import SpanContext, TraceFlags

    return SpanContext(trace_id, span_id, is_remote=remote, trace_flags=TraceFlags(TraceFlags.SAMPLED))
