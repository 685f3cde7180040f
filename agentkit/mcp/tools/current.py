"""What a tool may know of the call it serves: who calls, and where to report progress."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Final

Progress = Callable[[float, float | None, str | None], Awaitable[None]]
"""Tells the caller how much is done, of how much, and in words."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls a tool, as the server's authorization found out; the credential itself is not kept (MCP-AUTH-10).

    Attributes:
        client_id: The OAuth client; `bearer` for a static token; the key's name for an API key.
        subject: Whom the token is for; None for a static token or an API key.
        issuer: Who issued the token; None for a static token or an API key.
        scopes: What it allows; empty for a static token or an API key.
    """

    client_id: str
    subject: str | None = None
    issuer: str | None = None
    scopes: frozenset[str] = frozenset()


CALLER: Final[ContextVar[Caller | None]] = ContextVar("agentkit_mcp_caller", default=None)
PROGRESS: Final[ContextVar[Progress | None]] = ContextVar("agentkit_mcp_progress", default=None)


def caller() -> Caller | None:
    """Who calls the tool that runs now; None without authorization, in process and over stdio."""
    return CALLER.get()


async def report_progress(done: float, total: float | None = None, message: str | None = None) -> None:
    """Tell the caller of the tool that runs now how far it is; does nothing where nobody asked for it.

    Args:
        done: How much is done; larger with each report.
        total: How much there is to do, when known.
        message: What is being done, for people; no patient data (MCP-LOG-03).
    """
    report = PROGRESS.get()
    if report is not None:
        await report(done, total, message)
