"""The span of a run: one of its own, unless that of the request which waits for the run tells the same."""

from __future__ import annotations

import time
from contextlib import AbstractContextManager
from contextvars import ContextVar, Token
from types import TracebackType
from typing import Self

from agentkit.models import TaskState
from agentkit.tracing import AttributeValue, Span, span

_request: ContextVar[ToldByRequest | None] = ContextVar("agentkit.tasks.request", default=None)


class ToldByRequest(AbstractContextManager["ToldByRequest"]):
    """Around a send within a span that carries the ids of task, context and agent and the state, or one below it does.

    A span costs as much as all SQL of a turn; a second one that begins and ends with the first says nothing new.
    """

    __slots__ = ("_token", "waits")

    _token: Token[ToldByRequest | None]

    def __init__(self) -> None:
        """Nobody waits before the block."""
        self.waits = False

    def __enter__(self) -> Self:
        self._token = _request.set(self)
        self.waits = True
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.waits = False
        _request.reset(self._token)


class RunSpan(AbstractContextManager["RunSpan"]):
    """`task.run`, around a run.

    It is left out where a request waits for the run until its end. Where the request ended first, or the run broke, the
    span is made at the end, from when the run began; what the agent did is below the request's span then.
    """

    __slots__ = ("_attributes", "_began", "_hop", "_open", "_told", "_within_request")

    _open: Span

    def __init__(self, attributes: dict[str, AttributeValue | None], *, within_request: bool) -> None:
        """Prepare the span.

        Args:
            attributes: Of the span, on the allow-list.
            within_request: A request that waits may tell of the run.
        """
        self._attributes = attributes
        self._within_request = within_request
        self._hop: AbstractContextManager[Span] | None = None
        self._told: ToldByRequest | None = None
        self._began = 0.0

    def __enter__(self) -> Self:
        request = _request.get() if self._within_request else None
        if request is not None and request.waits:
            self._told = request
            self._began = time.perf_counter()
        else:
            self._hop = span("task.run", self._attributes)
            self._open = self._hop.__enter__()
        return self

    def ends(self, state: TaskState) -> None:
        """The run came to a state."""
        self._attributes["agentkit.task.state"] = state.value
        if self._hop is not None:
            self._open.set("agentkit.task.state", state.value)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        hop = self._hop
        if hop is None and (kind is not None or self._told is None or not self._told.waits):
            hop = span("task.run", self._attributes, began=self._began)
            hop.__enter__()
        if hop is not None:
            hop.__exit__(kind, error, trace)
