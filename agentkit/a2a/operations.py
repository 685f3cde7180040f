"""The operations of A2A (a2a.md section 3), the same for every binding (A2A-HTTP-09), over the task service.

Parameters and results have the JSON form of the JSON-RPC binding; HTTP+JSON builds it from paths and queries.
"""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import AsyncGenerator
from contextlib import aclosing
from datetime import datetime
from typing import Final, NoReturn

from a2a.types import AgentCard
from a2a.utils.errors import (
    ContentTypeNotSupportedError,
    PushNotificationNotSupportedError,
    UnsupportedOperationError,
)

from agentkit.compose import Agent, Caller
from agentkit.models import JsonObject, Message, SendRequest, Task, TaskState
from agentkit.tasks import Followed, TaskService
from agentkit.wire.a2a import decode_send_request, decode_state, encode_event, encode_task
from agentkit.wire.reader import Reader, read_time

_PAGE_SIZES: Final = range(1, 101)
_DEFAULT_PAGE_SIZE: Final = 50
_LARGEST_CURSOR: Final = 2**63

NumberedEvents = AsyncGenerator[tuple[int, JsonObject]]
"""Stream responses with the version of the task they led to, which becomes the SSE `id`."""


class Operations:
    """What one served agent can be asked."""

    def __init__(self, agent: Agent, service: TaskService, card: AgentCard, *, agent_id: str) -> None:
        """Serve `agent` as its card promises; its tasks are kept under `agent_id`."""
        self._agent = agent
        self._service = service
        self._agent_id = agent_id
        self._streaming = card.capabilities.streaming
        self._input_modes = _input_modes(card)

    async def send(self, params: JsonObject, caller: Caller) -> JsonObject:
        """`SendMessage`: run a turn, and answer when it settles or, if so asked, at once (A2A-SEND-01 to -08)."""
        request = self._send_request(params)
        task = await self._service.send(
            self._agent,
            request.message,
            caller,
            agent_id=self._agent_id,
            blocking=request.blocking,
            context_policy="adopt",
            history_length=request.history_length,
            metadata=request.metadata,
        )
        return {"task": encode_task(task)}

    async def stream(self, params: JsonObject, caller: Caller) -> NumberedEvents:
        """`SendStreamingMessage`: the task, then its updates until it settles, numbered (A2A-STR-01 to -05)."""
        self._require_streaming()
        request = self._send_request(params)
        return _encoded(
            self._service.stream(
                self._agent,
                request.message,
                caller,
                agent_id=self._agent_id,
                context_policy="adopt",
                history_length=request.history_length,
                metadata=request.metadata,
            )
        )

    async def subscribe(self, params: JsonObject, caller: Caller) -> NumberedEvents:
        """`SubscribeToTask`: the task as it is, then its updates (A2A-SUB-01, A2A-SUB-02)."""
        self._require_streaming()
        task_id = Reader(params, "").words("id")
        return _encoded(self._service.subscribe(task_id, caller, agent_id=self._agent_id))

    async def get(self, params: JsonObject, caller: Caller) -> JsonObject:
        """`GetTask` (A2A-SEND-08)."""
        reader = Reader(params, "")
        task = await self._service.get(
            reader.words("id"), caller, agent_id=self._agent_id, history_length=reader.count("historyLength")
        )
        return encode_task(task)

    async def list_tasks(self, params: JsonObject, caller: Caller) -> JsonObject:
        """`ListTasks` (A2A-LIST-01 to -05)."""
        reader = Reader(params, "")
        page_size = reader.count("pageSize")
        if page_size is None:
            page_size = _DEFAULT_PAGE_SIZE
        if page_size not in _PAGE_SIZES:
            reader.fail("pageSize", "value", "must be from 1 to 100")
        with_artifacts = reader.flag("includeArtifacts", False)
        page = await self._service.list_tasks(
            caller,
            agent_id=self._agent_id,
            context_id=reader.optional_text("contextId") or None,
            state=_state(reader),
            since=_time(reader),
            limit=page_size,
            cursor=_cursor(reader),
            history_length=reader.count("historyLength"),
        )
        return {
            "tasks": [_listed(task, with_artifacts) for task in page.tasks],
            "nextPageToken": "" if page.cursor is None else _page_token(page.cursor),
            "pageSize": page_size,
            "totalSize": page.total,
        }

    async def cancel(self, params: JsonObject, caller: Caller) -> JsonObject:
        """`CancelTask` (A2A-CAN-01)."""
        task_id = Reader(params, "").words("id")
        task = await self._service.cancel(task_id, caller, agent_id=self._agent_id, agent=self._agent)
        return encode_task(task)

    async def push_configuration(self, _params: JsonObject, _caller: Caller) -> NoReturn:
        """The four operations on push configurations, which the card does not declare (A2A-PUSH-01)."""
        raise PushNotificationNotSupportedError

    async def extended_card(self, _params: JsonObject, _caller: Caller) -> NoReturn:
        """`GetExtendedAgentCard`, which the card does not declare (A2A-XC-01)."""
        raise UnsupportedOperationError("This agent has no extended card")

    def _send_request(self, params: JsonObject) -> SendRequest:
        request = decode_send_request(params)
        configuration = params.get("configuration")
        if isinstance(configuration, dict) and configuration.get("taskPushNotificationConfig") is not None:
            raise PushNotificationNotSupportedError
        self._check_input_modes(request.message)
        return request

    def _check_input_modes(self, message: Message) -> None:
        """A2A-SEND-06. A part that states no media type is taken."""
        for part in message.parts:
            stated = part.file.media_type if part.file is not None else part.media_type
            if stated and self._input_modes and stated.partition(";")[0].strip().lower() not in self._input_modes:
                raise ContentTypeNotSupportedError("A part has a media type that the card does not declare")

    def _require_streaming(self) -> None:
        if not self._streaming:
            raise UnsupportedOperationError("This agent offers no streams")


async def _encoded(events: Followed) -> NumberedEvents:
    async with aclosing(events):
        async for event in events:
            yield events.version, encode_event(event)


def _page_token(cursor: tuple[int, int]) -> str:
    return urlsafe_b64encode(b"%d.%d" % cursor).decode().rstrip("=")


def _cursor(reader: Reader) -> tuple[int, int] | None:
    token = reader.optional_text("pageToken")
    if not token:
        return None
    try:
        time, _, key = urlsafe_b64decode(token.encode() + b"=" * (-len(token) % 4)).decode("ascii").partition(".")
        cursor = int(time), int(key)
    except ValueError:
        reader.fail("pageToken", "value", "is no token of an earlier page")
    if _page_token(cursor) != token or not all(0 <= part < _LARGEST_CURSOR for part in cursor):
        reader.fail("pageToken", "value", "is no token of an earlier page")
    return cursor


def _listed(task: Task, with_artifacts: bool) -> JsonObject:
    """A2A-LIST-04."""
    wire = encode_task(task)
    if with_artifacts:
        wire.setdefault("artifacts", [])
    else:
        wire.pop("artifacts", None)
    return wire


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


def _input_modes(card: AgentCard) -> frozenset[str]:
    modes = set(card.default_input_modes)
    for skill in card.skills:
        modes.update(skill.input_modes)
    return frozenset() if "*/*" in modes else frozenset(mode.lower() for mode in modes)
