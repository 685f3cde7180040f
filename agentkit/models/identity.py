"""Random ids, made quickly."""

from __future__ import annotations

import os
from collections import deque
from typing import Final

_BLOCK: Final = 128
_SIZE: Final = 16
_VARIANT: Final = "89ab"

_fresh: deque[bytes] = deque()


def new_id() -> str:
    """A bare UUID of version 4.

    The randomness is the system's, drawn for many ids at once: one system call per id makes the event loop give up the
    interpreter each time, which costs far more than the call itself.
    """
    try:
        digits = _fresh.pop().hex()
    except IndexError:
        block = os.urandom(_BLOCK * _SIZE)
        _fresh.extend(block[start : start + _SIZE] for start in range(_SIZE, len(block), _SIZE))
        digits = block[:_SIZE].hex()
    variant = _VARIANT[int(digits[16], 16) & 3]
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-{variant}{digits[17:20]}-{digits[20:]}"


# A forked child must not make the ids of its parent again.
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_fresh.clear)
