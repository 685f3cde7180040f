"""Random ids, made quickly."""

from __future__ import annotations

import os
import time
from collections import deque
from typing import Final

_BLOCK: Final = 128
_SIZE: Final = 10
_VARIANT: Final = "89ab"
_MILLISECOND: Final = 1_000_000

_fresh: deque[bytes] = deque()


def new_id() -> str:
    """A bare UUID of version 7 (V2-ID-01): the time in milliseconds, so that an index grows at its end, and 74 bits.

    The randomness is the system's, drawn for many ids at once: one system call per id makes the event loop give up the
    interpreter each time, which costs far more than the call itself.
    """
    try:
        digits = _fresh.pop().hex()
    except IndexError:
        block = os.urandom(_BLOCK * _SIZE)
        _fresh.extend(block[start : start + _SIZE] for start in range(_SIZE, len(block), _SIZE))
        digits = block[:_SIZE].hex()
    moment = f"{time.time_ns() // _MILLISECOND:012x}"
    variant = _VARIANT[int(digits[3], 16) & 3]
    return f"{moment[:8]}-{moment[8:]}-7{digits[:3]}-{variant}{digits[4:7]}-{digits[7:19]}"


# A forked child must not make the ids of its parent again.
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_fresh.clear)
