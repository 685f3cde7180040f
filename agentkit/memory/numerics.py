"""numpy, which is an extra, loaded so that it computes in the thread that asks."""

from __future__ import annotations

import os
import sys
from importlib import import_module
from importlib.util import find_spec
from typing import Final

from agentkit.errors import ConfigurationError

_THREADS: Final = ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS", "OMP_NUM_THREADS")


def require_numpy(what: str) -> None:
    """Make sure that numpy is installed.

    Args:
        what: The setting that needs it.

    Raises:
        ConfigurationError: It is not; the error says how to install it.
    """
    if find_spec("numpy") is None:
        raise ConfigurationError(
            what, "needs numpy, which is not installed", remedy='Run pip install "corti-agentkit[semantic]".'
        )


def load_numpy() -> None:
    """Load numpy with one thread for linear algebra; to be called in a thread, for it takes a while.

    Threads of a pool would wait for work in a loop and take from a server the cores it answers with. They are counted
    when the library is loaded: where somebody else loaded it before, or set the variables, his number stays.
    """
    if "numpy" in sys.modules:
        return
    ours = [name for name in _THREADS if name not in os.environ]
    os.environ.update(dict.fromkeys(ours, "1"))
    try:
        import_module("numpy")
    finally:
        for name in ours:
            os.environ.pop(name, None)
