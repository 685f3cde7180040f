"""Artifacts as they grow: later updates replace an artifact or add parts to it (A2A-STR-05)."""

from __future__ import annotations

from collections.abc import Iterable

from agentkit.models.message import Part
from agentkit.models.task import Artifact, ArtifactUpdate


class ArtifactStore:
    """One entry per artifact id, in order of first appearance (V1-SEND-09)."""

    def __init__(self, artifacts: Iterable[Artifact] = ()) -> None:
        """Start from the artifacts there are."""
        self._heads: dict[str, Artifact] = {artifact.artifact_id: artifact for artifact in artifacts}
        self._added: dict[str, list[Part]] = {}

    def add(self, update: ArtifactUpdate) -> None:
        """Apply an update: `append` adds its parts, otherwise it replaces what has its id."""
        artifact = update.artifact
        identifier = artifact.artifact_id
        if update.append and identifier in self._heads:
            self._added.setdefault(identifier, []).extend(artifact.parts)
        else:
            self._heads[identifier] = artifact
            self._added.pop(identifier, None)

    def all(self) -> tuple[Artifact, ...]:
        """The artifacts with all their parts."""
        for identifier, parts in self._added.items():
            head = self._heads[identifier]
            self._heads[identifier] = head.model_copy(update={"parts": (*head.parts, *parts)})
        self._added.clear()
        return tuple(self._heads.values())
