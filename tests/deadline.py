"""How long a test waits for what must happen, before it fails instead of hanging.

No test measures speed: machines that run this suite may be ten times slower than ours and busy with other work, and
coverage slows Python down once more. A guard against a hang costs nothing when nothing hangs, so it is generous. It
is still shorter than pytest's `faulthandler_timeout`, which ends the whole run: a hanging test fails by itself.
"""

from __future__ import annotations

import asyncio
from typing import Final

HANG: Final = 60.0
"""Seconds after which something that happens in this process is not going to happen any more."""

HANG_PROCESS: Final = 120.0
"""The same for a program in a process of its own, which has to be started first."""


def skip(seconds: float) -> None:
    """Put the clock of the running event loop forward: every limit that ends within these seconds has run out.

    A test of a limit so neither waits for it nor makes it so short that something else runs into it on a slow machine.
    """
    loop = asyncio.get_running_loop()
    time = loop.time
    loop.time = lambda: time() + seconds
