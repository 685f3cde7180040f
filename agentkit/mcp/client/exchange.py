"""What happens to the HTTP requests of one call, and the end of all of them when the call ends."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

import anyio

from agentkit.errors import McpError


@dataclass(slots=True)
class Exchange:
    """What happened to the HTTP requests of one call.

    Attributes:
        connecting: A failure may be raised: no other call uses the client yet.
        failure: Why the last request failed.
        session_lost: The server no longer knows the session; it did not look at the request.
        status: The last HTTP status.
        retry_after: Seconds after which a busy server wants to be asked again.
        ended: An event stream came to its end.
        aborted: The call is over; whatever is still sent or read for it ends at once.
    """

    connecting: bool = False
    failure: McpError | None = None
    session_lost: bool = False
    status: int | None = None
    retry_after: float | None = None
    ended: bool = False
    aborted: bool = False
    _scopes: set[anyio.CancelScope] = field(default_factory=set[anyio.CancelScope])

    @contextmanager
    def abortable(self) -> Generator[anyio.CancelScope]:
        """A block that `abort` ends, or does not let begin."""
        with anyio.CancelScope() as scope:
            if self.aborted:
                scope.cancel()
            self._scopes.add(scope)
            try:
                yield scope
            finally:
                self._scopes.discard(scope)

    def abort(self) -> None:
        """Close the requests that still run: in the handshake era the SDK leaves them open after a cancellation.

        An answer whose head has come and that nobody reads yet is closed by the first attempt to read it.
        """
        self.aborted = True
        for scope in self._scopes:
            scope.cancel()


current_exchange: ContextVar[Exchange | None] = ContextVar("agentkit_mcp_exchange", default=None)
"""The exchange of the call that is being made; the SDK runs a request in the context of its caller."""
