"""What one generation of the Corti API can do and the other cannot."""

from __future__ import annotations

from collections.abc import Sequence

from agentkit.errors.base import AgentKitError


class UnsupportedByGeneration(AgentKitError):
    """A generation of the Corti API cannot do what was asked; nothing was sent.

    Attributes:
        feature: What was asked for, for example `a remote A2A agent`.
        generation: The generation that cannot do it: `v1` or `v2`.
        supported_by: The generations that can.
        field: Where it stands, for example `AgentSpec.experts[0]`; None where it is no part of a spec.
    """

    def __init__(
        self,
        feature: str,
        generation: str,
        supported_by: Sequence[str],
        *,
        field: str | None = None,
        remedy: str | None = None,
    ) -> None:
        """Name the feature; without a remedy, the generations that can do it are the remedy."""
        able = " and ".join(supported_by)
        place = f"{field}: " if field else ""
        answer = f"{able} can." if able else "No generation can."
        if remedy is None and supported_by:
            remedy = f'Use generation="{supported_by[0]}"; an agent stays with the generation it was made with.'
        super().__init__(
            f"{place}Generation {generation} of the Corti API cannot do {feature}; {answer}", remedy=remedy
        )
        self.feature = feature
        self.generation = generation
        self.supported_by = tuple(supported_by)
        self.field = field
