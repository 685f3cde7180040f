"""The four operations on push configurations (A2A-PUSH-02), over the store and the outbox."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Final

from a2a.utils.errors import TaskNotFoundError, UnsupportedOperationError

from agentkit.a2a.faults import invalid_params
from agentkit.a2a.push.config import PushConfig, decode_push_config, encode_push_config
from agentkit.a2a.push.guard import PushTargetRefused, TargetGuard
from agentkit.a2a.push.outbox import Outbox
from agentkit.a2a.push.store import PushStore
from agentkit.compose import Caller
from agentkit.models import JsonObject
from agentkit.tasks import Repository, Scope
from agentkit.tasks.repository import StoredTask
from agentkit.wire.reader import Reader

CONFIGS_PER_TASK: Final = 10
"""Configurations of one task; each event is sent to all of them."""

_NOT_YET: Final = ""
_PAGE_SIZE: Final = 50
_PAGE_SIZES: Final = range(1, 101)


class PushNotifications:
    """What a served agent offers where its card says `pushNotifications`; one for all agents of a host."""

    def __init__(self, repository: Repository, store: PushStore, guard: TargetGuard, outbox: Outbox) -> None:
        """Put the parts together."""
        self._repository = repository
        self._store = store
        self._guard = guard
        self._outbox = outbox
        repository.on_delete(store.forget)

    async def create(self, params: JsonObject, caller: Caller, *, agent_id: str) -> JsonObject:
        """Keep a configuration for a task of the caller.

        Raises:
            WireError: The configuration does not fit.
            TaskNotFoundError: There is no such task.
            UnsupportedOperationError: The task has ended, or has too many configurations.
            InvalidParamsError: Notifications may not go there (A2A-PUSH-06).
        """
        task_id = Reader(params, "").words("taskId")
        config = decode_push_config(params, task_id)
        await self._check(config, "url")
        stored = await self._task(task_id, Scope.of(caller, agent_id))
        if stored.task.status.state.is_terminal:
            raise UnsupportedOperationError("The task has ended; there is nothing to notify of")
        await self._keep(config, stored, stored.version)
        return encode_push_config(config)

    async def prepare(self, config: JsonObject, path: str) -> None:
        """Look at the configuration of a send before its task is opened.

        Raises:
            WireError: It does not fit.
            InvalidParamsError: Notifications may not go there (A2A-PUSH-06).
        """
        await self._check(decode_push_config(config, _NOT_YET, path), f"{path}.url")

    async def attach(self, config: JsonObject, caller: Caller, *, agent_id: str, task_id: str, after: int) -> None:
        """Keep the configuration of a send for the task that it opened or continued.

        Args:
            config: As `prepare` has seen it.
            caller: Whose task it is.
            agent_id: Of the task.
            task_id: The task; it may have ended meanwhile, its last state is sent all the same.
            after: Events behind this version are sent.

        Raises:
            TaskNotFoundError: There is no such task.
            UnsupportedOperationError: The task has too many configurations.
        """
        stored = await self._task(task_id, Scope.of(caller, agent_id))
        await self._keep(decode_push_config(config, task_id), stored, after)

    async def get(self, params: JsonObject, caller: Caller, *, agent_id: str) -> JsonObject:
        """One configuration.

        Raises:
            TaskNotFoundError: There is no such task or configuration of the caller.
        """
        reader = Reader(params, "")
        config = await self._store.find(Scope.of(caller, agent_id), reader.words("taskId"), reader.words("id"))
        if config is None:
            raise TaskNotFoundError
        return encode_push_config(config)

    async def list_configs(self, params: JsonObject, caller: Caller, *, agent_id: str) -> JsonObject:
        """The configurations of a task, paged.

        Raises:
            TaskNotFoundError: There is no such task.
        """
        reader = Reader(params, "")
        task_id, scope = reader.words("taskId"), Scope.of(caller, agent_id)
        size = reader.count("pageSize") or _PAGE_SIZE
        if size not in _PAGE_SIZES:
            reader.fail("pageSize", "value", "must be from 1 to 100")
        await self._task(task_id, scope)
        found = await self._store.all(scope, task_id, after=_cursor(reader), limit=size + 1)
        token = _token(found[size - 1].id) if len(found) > size else ""
        return {"configs": [encode_push_config(config) for config in found[:size]], "nextPageToken": token}

    async def delete(self, params: JsonObject, caller: Caller, *, agent_id: str) -> JsonObject:
        """Drop a configuration; dropping it twice is fine.

        Raises:
            TaskNotFoundError: There is no such task.
        """
        reader = Reader(params, "")
        task_id, scope = reader.words("taskId"), Scope.of(caller, agent_id)
        await self._task(task_id, scope)
        await self._store.delete(scope, task_id, reader.words("id"))
        return {}

    async def _check(self, config: PushConfig, place: str) -> None:
        try:
            await self._guard.check(config.url)
        except PushTargetRefused as error:
            raise invalid_params(place, str(error)) from None

    async def _keep(self, config: PushConfig, stored: StoredTask, after: int) -> None:
        known = await self._store.find(stored.scope, config.task_id, config.id)
        if known is None and await self._store.count(stored.scope, config.task_id) >= CONFIGS_PER_TASK:
            raise UnsupportedOperationError(f"A task takes at most {CONFIGS_PER_TASK} push configurations")
        await self._store.put(stored.scope, config, stored.task.context_id, after)
        self._outbox.watch(stored.key)

    async def _task(self, task_id: str, scope: Scope) -> StoredTask:
        stored = await self._repository.load(scope, task_id, 0)
        if stored is None:
            raise TaskNotFoundError
        return stored


def _token(config_id: str) -> str:
    return urlsafe_b64encode(config_id.encode()).decode().rstrip("=")


def _cursor(reader: Reader) -> str:
    token = reader.optional_text("pageToken")
    if not token:
        return ""
    try:
        return urlsafe_b64decode(token.encode() + b"=" * (-len(token) % 4)).decode("ascii")
    except ValueError:
        reader.fail("pageToken", "value", "is no token of an earlier page")
