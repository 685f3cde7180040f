"""A turn that is carried out again after a crash says again what it had said: that is heard once."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable
from typing import Final

from agentkit.models import Artifact, ArtifactUpdate, StatusUpdate
from agentkit.models.artifacts import ArtifactStore
from agentkit.tasks.repository import Record, Repository, StoredTask

_PAGE: Final = 256


class Replay:
    """Compares what a run says with what is stored of the run before it.

    A status that was told is not told again. An artifact that grows as it did before is left alone; where it takes
    another way, it is replaced by what this run made of it.
    """

    def __init__(self, stored: Iterable[Record]) -> None:
        """Take what is stored of the run, in order."""
        self._told: Counter[str] = Counter()
        self._held = ArtifactStore()
        self._stored: dict[str, deque[str]] = {}
        self._repeated: dict[str, ArtifactStore] = {}
        for record in stored:
            self._remember(record)

    @classmethod
    async def of(cls, repository: Repository, stored: StoredTask, after: int) -> Replay:
        """Read what a run has said since a version.

        Raises:
            StorageError: The store refused.
        """
        replay = cls(())
        while after < stored.version and (page := await repository.events(stored.key, stored.scope, after, _PAGE)):
            for _, record in page:
                replay._remember(record)
            after = page[-1][0]
        return replay

    def fresh(self, update: StatusUpdate | ArtifactUpdate) -> StatusUpdate | ArtifactUpdate | None:
        """What has to be told of an update; None when it was told before."""
        if isinstance(update, StatusUpdate):
            said = _said(update)
            if not self._told[said]:
                return update
            self._told[said] -= 1
            return None
        identifier = update.artifact.artifact_id
        expected = self._stored.get(identifier)
        if expected is None:
            return update
        repeated = self._repeated.setdefault(identifier, ArtifactStore())
        repeated.add(update)
        if expected and expected[0] == _made(update):
            expected.popleft()
            return None
        if not update.append and update.artifact == self._whole(identifier):
            expected.clear()
            return None
        del self._stored[identifier]
        return _whole(update, repeated) if expected and update.append else update

    def unfinished(self) -> list[ArtifactUpdate]:
        """At the end of the run: artifacts that came to less than what is stored, as they are now."""
        return [
            ArtifactUpdate(task_id="", context_id="", artifact=self._repeated[identifier].all()[0], append=False)
            for identifier, expected in self._stored.items()
            if expected and identifier in self._repeated
        ]

    def _whole(self, identifier: str) -> Artifact | None:
        return next((one for one in self._held.all() if one.artifact_id == identifier), None)

    def _remember(self, record: Record) -> None:
        if isinstance(record, StatusUpdate):
            self._told[_said(record)] += 1
        elif isinstance(record, ArtifactUpdate):
            self._held.add(record)
            self._stored.setdefault(record.artifact.artifact_id, deque()).append(_made(record))


def _said(update: StatusUpdate) -> str:
    message = update.status.message
    parts = "" if message is None else message.model_dump_json(include={"parts"}, exclude_unset=True)
    return f"{update.status.state.value} {parts}"


def _made(update: ArtifactUpdate) -> str:
    return f"{update.append is True} {update.artifact.model_dump_json(exclude_unset=True)}"


def _whole(update: ArtifactUpdate, made: ArtifactStore) -> ArtifactUpdate:
    return update.model_copy(update={"artifact": made.all()[0], "append": False})
