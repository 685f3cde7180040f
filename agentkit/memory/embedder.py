"""The seam for meaning: whoever turns texts into vectors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, Protocol

TextKind = Literal["document", "query"]
"""What a text is embedded for: to be found, or to find."""

Vector = Sequence[float]
"""One embedding; its length does not matter, its direction does."""


class Embedder(Protocol):
    """Turns texts into vectors; texts of like meaning into vectors of like direction.

    A memory with an embedder finds paraphrases; one without finds words. `EmbeddingsEndpoint` asks an OpenAI-compatible
    server, `MiniLM` computes here; anything else with these three members will do.
    """

    @property
    def model_id(self) -> str:
        """Names the model and whatever else changes its vectors; under another name everything is embedded anew."""
        ...

    @property
    def dim(self) -> int:
        """How many numbers a vector has."""
        ...

    async def embed(self, texts: Sequence[str], kind: TextKind) -> Sequence[Vector]:
        """Embed texts.

        Args:
            texts: At most a few dozen, none empty; they hold what was said and belong into no log.
            kind: What for.

        Returns:
            One vector for each text, in order.

        Raises:
            ModelError: It cannot be done now. The memory then searches by words alone and tries again later.
        """
        ...
