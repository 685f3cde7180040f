"""Vectors of contexts: how they are stored, and which of them are near to one; needs numpy."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Collection
from typing import Final

import numpy as np
from numpy.typing import NDArray

from agentkit.errors import ModelOutputInvalid
from agentkit.memory.embedder import Vector
from agentkit.memory.ranking import RANKED
from agentkit.storage import Connection

MOST_VECTORS: Final = 32_768
"""So many of the newest items of a context are compared by meaning."""

CACHED_BYTES: Final = 64 * 1024 * 1024
"""So much memory the vectors of the contexts in use may take."""

_FIRST: Final = 64


class _Matrix:
    """The vectors of one context, with room for more."""

    def __init__(self, dim: int) -> None:
        self.places: NDArray[np.int64] = np.empty(_FIRST, np.int64)
        self.rows: NDArray[np.float32] = np.empty((_FIRST, dim), np.float32)
        self.count = 0

    @property
    def last(self) -> int:
        return int(self.places[self.count - 1]) if self.count else 0

    def add(self, place: int, row: NDArray[np.float32]) -> None:
        if self.count == len(self.places):
            # What is too old to be compared leaves; otherwise there is room for as many again.
            newest = slice(-MOST_VECTORS, None)
            self.places = np.concatenate([self.places[newest], np.empty_like(self.places[newest])])
            self.rows = np.concatenate([self.rows[newest], np.empty_like(self.rows[newest])])
            self.count = min(self.count, MOST_VECTORS)
        self.places[self.count], self.rows[self.count] = place, row
        self.count += 1


class Vectors:
    """Compares a text with everything in its context; the vectors of contexts in use are kept in memory, bounded.

    Used in one thread, but for `drop`.
    """

    def __init__(self, model: str, dim: int, *, capacity: int = CACHED_BYTES) -> None:
        """Use the vectors of one model."""
        self._model = model
        self._dim = dim
        self._capacity = capacity
        self._matrices: OrderedDict[int, _Matrix] = OrderedDict()
        self._changing = threading.Lock()

    @property
    def contexts(self) -> int:
        """Of how many contexts the vectors are in memory."""
        return len(self._matrices)

    @property
    def held(self) -> int:
        """How many bytes they take."""
        return sum(matrix.rows.nbytes for matrix in self._matrices.values())

    def nearest(self, connection: Connection, context: int, query: bytes, shown: Collection[int] = ()) -> list[int]:
        """Places of the items nearest to a packed vector, nearest first.

        Args:
            connection: To read what came since the last time.
            context: Number of the context; no other one is looked at.
            query: As `packed` made it.
            shown: Places that are of no interest.
        """
        matrix = self._matrix(context)
        rows = connection.execute(
            "SELECT place, vector FROM memory_vectors WHERE context = ? AND place > ? AND model = ?"
            " ORDER BY place DESC LIMIT ?",
            (context, matrix.last, self._model, MOST_VECTORS),
        ).fetchall()
        for place, stored in reversed(rows):
            matrix.add(place, np.frombuffer(stored, np.float32))
        self._shrink()
        first = max(0, matrix.count - MOST_VECTORS)
        likeness = matrix.rows[first : matrix.count] @ np.frombuffer(query, np.float32)
        best = min(RANKED + len(shown), len(likeness))
        if not best:
            return []
        top = np.argpartition(likeness, -best)[-best:]
        order = top[np.lexsort((-top, -likeness[top]))]
        places = (int(place) for place in matrix.places[first + order])
        return [place for place in places if place not in shown][:RANKED]

    def drop(self, context: int) -> None:
        """Forget what is kept in memory of a context."""
        with self._changing:
            self._matrices.pop(context, None)

    def _matrix(self, context: int) -> _Matrix:
        with self._changing:
            matrix = self._matrices.setdefault(context, _Matrix(self._dim))
            self._matrices.move_to_end(context)
            return matrix

    def _shrink(self) -> None:
        with self._changing:
            while len(self._matrices) > 1 and self.held > self._capacity:
                self._matrices.popitem(last=False)


def packed(vector: Vector, model: str, dim: int) -> bytes:
    """A vector as it is stored: 32-bit floats of length one.

    Raises:
        ModelOutputInvalid: It has another number of elements, or they are no numbers.
    """
    try:
        row = np.asarray(vector, np.float32)
    except (TypeError, ValueError, OverflowError):
        row = np.empty(0, np.float32)
    if row.shape != (dim,) or not np.isfinite(row).all():
        raise ModelOutputInvalid(model, f"an embedding is not made of {dim} numbers.")
    length = float(np.linalg.norm(row))
    return (row / length if length > 0 else row).astype(np.float32).tobytes()
