"""The network: six layers of attention, the mean of what they make of the pieces of a text; needs numpy."""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from agentkit.memory.embedder import Vector
from agentkit.memory.minilm.files import read_vocabulary, read_weights
from agentkit.memory.minilm.wordpiece import WordPieces

MOST_PIECES: Final = 256
"""Of a text so many pieces are read, begin and end included."""

_AT_ONCE: Final = 2048
_LAYERS: Final = 6
_HEADS: Final = 12
_SMALL: Final = 1e-12
_HIDDEN: Final = np.float32(-1e9)

Array = NDArray[np.float32]
Batch = list[tuple[int, list[int]]]
"""Texts of about the same length: the index of each, and its pieces."""


class Encoder:
    """A loaded model."""

    def __init__(self, weights: dict[str, Array], pieces: WordPieces) -> None:
        """Use `load`."""
        self._weights = weights
        self._pieces = pieces

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read a model.

        Raises:
            ConfigurationError: A file is missing, or not the one that is expected.
        """
        return cls(read_weights(folder), WordPieces(read_vocabulary(folder)))

    def batches(self, texts: Sequence[str]) -> Iterator[Batch]:
        """Cut texts into pieces, and put together what is of about the same length."""
        cut = sorted(((index, self._pieces.numbers(text, MOST_PIECES)) for index, text in enumerate(texts)), key=_size)
        batch: Batch = []
        for one in cut:
            if batch and _size(one) * (len(batch) + 1) > _AT_ONCE:
                yield batch
                batch = []
            batch.append(one)
        if batch:
            yield batch

    def encode(self, texts: Sequence[Sequence[int]]) -> list[Vector]:
        """Vectors of length one for texts that are cut into pieces."""
        longest = max(map(len, texts))
        ids = np.zeros((len(texts), longest), np.int64)
        there = np.zeros((len(texts), longest), np.float32)
        for row, pieces in enumerate(texts):
            ids[row, : len(pieces)], there[row, : len(pieces)] = pieces, 1
        states = self._embedded(ids)
        mask = (1 - there)[:, None, None, :] * _HIDDEN
        for number in range(_LAYERS):
            states = self._layer(f"encoder.layer.{number}", states, mask)
        pooled = (states * there[:, :, None]).sum(axis=1)
        pooled /= np.linalg.norm(pooled, axis=1, keepdims=True)
        return [array("f", row.astype(np.float32).tobytes()) for row in pooled]

    def _embedded(self, ids: NDArray[np.int64]) -> Array:
        weights = self._weights
        states = weights["embeddings.word_embeddings.weight"][ids]
        states += weights["embeddings.position_embeddings.weight"][: ids.shape[1]]
        states += weights["embeddings.token_type_embeddings.weight"][0]
        return self._normalized("embeddings.LayerNorm", states)

    def _layer(self, name: str, states: Array, mask: Array) -> Array:
        batch, length, width = states.shape

        def heads(what: str) -> Array:
            made = self._dense(f"{name}.attention.self.{what}", states)
            return made.reshape(batch, length, _HEADS, width // _HEADS).transpose(0, 2, 1, 3)

        likeness = heads("query") @ heads("key").transpose(0, 1, 3, 2)
        attention = _softmax(likeness * np.float32(1 / math.sqrt(width // _HEADS)) + mask)
        seen = (attention @ heads("value")).transpose(0, 2, 1, 3).reshape(batch, length, width)
        states = self._normalized(
            f"{name}.attention.output.LayerNorm", self._dense(f"{name}.attention.output.dense", seen) + states
        )
        thought = _gelu(self._dense(f"{name}.intermediate.dense", states))
        return self._normalized(f"{name}.output.LayerNorm", self._dense(f"{name}.output.dense", thought) + states)

    def _dense(self, name: str, states: Array) -> Array:
        made: Array = states @ self._weights[f"{name}.weight"].T
        made += self._weights[f"{name}.bias"]
        return made

    def _normalized(self, name: str, states: Array) -> Array:
        states = states - states.mean(axis=-1, keepdims=True)
        spread = np.sqrt((states * states).mean(axis=-1, keepdims=True) + np.float32(_SMALL))
        return states / spread * self._weights[f"{name}.weight"] + self._weights[f"{name}.bias"]


def _size(one: tuple[int, list[int]]) -> int:
    return len(one[1])


def _softmax(scores: Array) -> Array:
    raised = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return raised / raised.sum(axis=-1, keepdims=True)


def _gelu(states: Array) -> Array:
    """X times the normal distribution's share below x, by Abramowitz and Stegun, 7.1.26 (error below 2e-7)."""
    root = np.abs(states) * np.float32(math.sqrt(0.5))
    t = 1 / (1 + np.float32(0.3275911) * root)
    series = t * (
        0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (np.float32(-1.453152027) + t * 1.061405429)))
    )
    erf = np.copysign(1 - series * np.exp(-root * root), states)
    return (0.5 * states * (1 + erf)).astype(np.float32)
