"""Which tasks a list asks for in A2A 1.0 (`ListTasksRequest`, A2A-LIST-05)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from agentkit.models import TaskState
from agentkit.wire.a2a.task import decode_state
from agentkit.wire.reader import Reader, read_time

_DEFAULT_PAGE_SIZE: Final = 50


@dataclass(frozen=True, slots=True)
class ListRequest:
    """Which tasks to list; None does not restrict.

    Attributes:
        page_size: At most so many.
        page_token: Where the page before ended; None for the first one.
        context_id: Of this conversation.
        state: In this state.
        since: Whose status is not older.
        history_length: At most so many of the newest messages of each.
        with_artifacts: With what they made.
    """

    page_size: int = _DEFAULT_PAGE_SIZE
    page_token: str | None = None
    context_id: str | None = None
    state: TaskState | None = None
    since: datetime | None = None
    history_length: int | None = None
    with_artifacts: bool = False


def decode_list_request(value: object, path: str = "", *, largest: int, with_artifacts: bool = False) -> ListRequest:
    """A list as a server reads it.

    Args:
        value: The parameters.
        path: Where they were found.
        largest: The largest page there is.
        with_artifacts: Whether artifacts come along where the request does not say.

    Raises:
        WireError: A field does not fit.
    """
    reader = Reader(value, path)
    page_size = reader.count("pageSize")
    if page_size is None:
        page_size = _DEFAULT_PAGE_SIZE
    if not 1 <= page_size <= largest:
        reader.fail("pageSize", "value", f"must be from 1 to {largest}")
    return ListRequest(
        page_size=page_size,
        page_token=reader.optional_text("pageToken") or None,
        context_id=reader.optional_text("contextId") or None,
        state=_state(reader),
        since=_time(reader),
        history_length=reader.count("historyLength"),
        with_artifacts=reader.flag("includeArtifacts", with_artifacts),
    )


def _state(reader: Reader) -> TaskState | None:
    word = reader.optional_text("status")
    if not word:
        return None
    state = decode_state(word)
    if state is None:
        reader.fail("status", "value", "must be a task state such as TASK_STATE_WORKING")
    return None if state is TaskState.UNKNOWN else state


def _time(reader: Reader) -> datetime | None:
    text = reader.optional_text("statusTimestampAfter")
    time = read_time(text)
    if text and time is None:
        reader.fail("statusTimestampAfter", "value", "must be an ISO 8601 time")
    return time
