"""What a server says, before the SDK sees it: one tool that is nonsense must not cost a listing, nor noise the loop."""

from __future__ import annotations

import logging
from contextlib import AbstractAsyncContextManager
from contextvars import Context
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Final, Self, cast

from mcp.client import Transport
from mcp.shared.message import SessionMessage
from mcp_types import JSONRPCError, JSONRPCNotification, JSONRPCResponse
from mcp_types.methods import validate_server_result
from mcp_types.version import LATEST_HANDSHAKE_VERSION, LATEST_MODERN_VERSION
from pydantic import ValidationError

from agentkit.mcp.client.failures import SAID_BY_SERVER

logger = logging.getLogger(__name__)

_PROGRESS: Final = "notifications/progress"
_Item = SessionMessage | Exception


@dataclass(slots=True)
class Care:
    """Whether a server has listed something that is no tool."""

    needed: bool = False


class Screened(AbstractAsyncContextManager[Any]):
    """A transport of the SDK whose incoming messages are screened.

    Notices other than progress are dropped: nothing here acts on them, and a server may send a million. The text of a
    protocol error is dropped: the SDK puts it into spans, and a server writes what it wants. Where a
    listing did not fit, what is no tool is left out of the next one.
    """

    def __init__(self, transport: Transport, care: Care) -> None:
        """Screen what comes in through `transport`, listings only with `care`: it takes as long as reading them."""
        self._transport = transport
        self._care = care

    async def __aenter__(self) -> Any:
        """Open the transport."""
        incoming, outgoing = await self._transport.__aenter__()
        return _Screening(incoming, self._care), outgoing

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool | None:
        """Close it."""
        return await self._transport.__aexit__(kind, error, trace)


class _Screening:
    def __init__(self, inner: Any, care: Care) -> None:
        self._inner = inner
        self._care = care

    @property
    def last_context(self) -> Context | None:
        return self._inner.last_context

    async def receive(self) -> _Item:
        while True:
            item = cast("_Item", await self._inner.receive())
            if self._is_wanted(item):
                return item

    async def aclose(self) -> None:
        await self._inner.aclose()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> _Item:
        while True:
            item = cast("_Item", await self._inner.__anext__())
            if self._is_wanted(item):
                return item

    def _is_wanted(self, item: _Item) -> bool:
        if isinstance(item, SessionMessage):
            message = item.message
            if isinstance(message, JSONRPCNotification):
                return message.method == _PROGRESS
            if isinstance(message, JSONRPCError):
                message.error.message = SAID_BY_SERVER
            elif self._care.needed and isinstance(message, JSONRPCResponse) and "tools" in message.result:
                _leave_out_nonsense(message.result)
        return True

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._inner.aclose()


def _leave_out_nonsense(result: dict[str, Any]) -> None:
    """Take out of a page what no tool is; a page that is wrong in itself stays as it is, and fails."""
    version = LATEST_MODERN_VERSION if "resultType" in result else LATEST_HANDSHAKE_VERSION
    try:
        validate_server_result("tools/list", version, result)
    except ValidationError as error:
        places = [found["loc"] for found in error.errors(include_input=False, include_url=False, include_context=False)]
        wrong = {place[1] for place in places if len(place) > 1 and place[0] == "tools"}
        if not isinstance(result["tools"], list):
            return
        tools = cast("list[object]", result["tools"])
        result["tools"] = [tool for number, tool in enumerate(tools) if number not in wrong]
        logger.warning("%d tools of a listing are no tools and were left out", len(tools) - len(result["tools"]))
