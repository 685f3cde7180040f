"""What is written in one turn of the event loop is sent at once."""

from __future__ import annotations

import asyncio
from typing import Any, Final

AT_ONCE: Final = 65_536
"""So many bytes are sent without waiting for more: who reads slowly is noticed no later than ever."""


class Gathered:
    """A transport that sends together what is written in one turn of the event loop.

    uvicorn writes head and body of an answer one after the other. Each `send` is a system call, gives up the
    interpreter and wakes the client: the second one cost a twelfth of a whole turn.
    """

    def __init__(self, transport: asyncio.Transport) -> None:
        """Write to a transport, which does everything else itself."""
        self._transport = transport
        self._loop = asyncio.get_running_loop()
        self._parts: list[bytes] = []
        self._size = 0

    def __getattr__(self, name: str) -> Any:
        """What is no matter of writing."""
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        """Send it when this turn of the loop is over, behind what was written before."""
        if not self._parts:
            self._loop.call_soon(self._send)
        self._parts.append(data)
        self._size += len(data)
        if self._size >= AT_ONCE:
            self._send()

    def writelines(self, parts: list[bytes]) -> None:
        """The same for several pieces."""
        self.write(b"".join(parts))

    def close(self) -> None:
        """Send what was written, then close."""
        self._send()
        self._transport.close()

    def _send(self) -> None:
        if self._parts:
            data, self._parts, self._size = b"".join(self._parts), [], 0
            self._transport.write(data)
