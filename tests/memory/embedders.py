"""An embedder for tests: deterministic, and it knows a few words that mean the same."""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections.abc import Sequence

from agentkit.memory import TextKind, Vector

MEANINGS = (
    {"physician", "doctor", "clinician"},
    {"fever", "temperature", "hot"},
    {"penicillin", "amoxicillin", "antibiotic"},
    {"smokes", "cigarettes", "tobacco"},
)


class Meanings:
    """One direction for each word, the same for words of one meaning.

    Attributes:
        asked: Every text it was given, with what for.
        failure: Raised in place of an answer.
        gate: Where one is set, `embed` waits for it.
    """

    dim = 64

    def __init__(self, model_id: str = "meanings-1") -> None:
        self.model_id = model_id
        self.asked: list[tuple[str, TextKind]] = []
        self.failure: Exception | None = None
        self.gate: asyncio.Event | None = None
        self._more = asyncio.Event()

    async def embed(self, texts: Sequence[str], kind: TextKind) -> Sequence[Vector]:
        if self.gate is not None:
            await self.gate.wait()
        if self.failure is not None:
            raise self.failure
        self.asked.extend((text, kind) for text in texts)
        self._more.set()
        return [self.vector(text) for text in texts]

    def vector(self, text: str) -> list[float]:
        vector = [0.0] * self.dim
        for word in re.findall(r"\w+", text.lower()):
            meaning = next((min(words) for words in MEANINGS if word in words), word)
            vector[hashlib.sha256(meaning.encode("utf-8", "replace")).digest()[0] % self.dim] += 1.0
        return vector

    async def embeds(self, count: int) -> None:
        """Wait until so many texts of contexts were embedded."""
        while len(self.documents) < count:
            self._more.clear()
            await self._more.wait()

    @property
    def documents(self) -> list[str]:
        return [text for text, kind in self.asked if kind == "document"]
