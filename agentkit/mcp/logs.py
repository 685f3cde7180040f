"""Keep content out of the SDK's log lines (design D11, MCP-LOG-02).

At DEBUG the SDK logs whole messages, its client logs words of the server at every level, and both log exceptions whose
text quotes what a server or client sent. httpcore2 logs of a request the method only, unless a header is refused, and
of an answer all headers: session ids, cookies, and whatever a server repeats. The filters stand on these loggers; the
root logger, its handlers and all levels stay as they are.
"""

from __future__ import annotations

import logging
from collections.abc import Generator
from contextlib import contextmanager
from typing import Final

LOGGERS: Final = (
    "mcp.client.session",
    "mcp.client.streamable_http",
    "mcp.server.lowlevel.server",
    "mcp.server.mcpserver.server",
    "mcp.server.runner",
    "mcp.server.streamable_http",
    "mcp.shared.dispatcher",
    "mcp.shared.jsonrpc_dispatcher",
    "sse_starlette.sse",
)
"""The loggers whose lines may hold content."""


TRANSPORT_LOGGERS: Final = ("httpcore2.http11", "httpcore2.http2")
"""The loggers that show the headers of answers, and a header that cannot be sent."""

_HEADERS: Final = ("receive_response_headers.complete", "send_request_headers.failed")


class _WithheldHeaders(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        what = str(record.msg).partition(" ")[0]
        if what in _HEADERS:
            record.msg, record.args = f"{what} <withheld>", ()
        return True


class _WithheldContent(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        if record.levelno <= logging.DEBUG or record.name.startswith("mcp.client."):
            what, found, _ = str(record.msg).partition(":")
            if found or record.args:
                record.msg, record.args = f"{what.partition('%')[0].strip()}: <withheld>", ()
        if record.exc_info:
            kind = record.exc_info[0]
            record.msg = f"{record.getMessage()} ({kind.__name__ if kind else 'no exception'})"
            record.args = ()
            record.exc_info = None
            record.exc_text = None
        return True


_FILTER: Final = _WithheldContent()
_HEADER_FILTER: Final = _WithheldHeaders()


def withhold_content() -> None:
    """Put the filters on these loggers; doing it again changes nothing."""
    for name in LOGGERS:
        logging.getLogger(name).addFilter(_FILTER)
    for name in TRANSPORT_LOGGERS:
        logging.getLogger(name).addFilter(_HEADER_FILTER)


@contextmanager
def root_logger_untouched() -> Generator[None]:
    """Making a server of the SDK calls `logging.basicConfig`, which does nothing where a handler is (MCP-LOG-01)."""
    root = logging.getLogger()
    guard = logging.NullHandler()
    root.addHandler(guard)
    try:
        yield
    finally:
        root.removeHandler(guard)
