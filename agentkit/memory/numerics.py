"""numpy, which is an extra, made to compute in the thread that asks."""

from __future__ import annotations

import ctypes
import os
import sys
from contextlib import suppress
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from agentkit.errors import ConfigurationError

_THREADS: Final = ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS", "OMP_NUM_THREADS")
_SETTERS: Final = ("scipy_openblas_set_num_threads64_", "openblas_set_num_threads64_", "openblas_set_num_threads")


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
    """Load numpy with one thread for linear algebra, in this process; to be called in a thread, for it takes a while.

    The threads of its pool wait for work in a loop and take from a server the cores it answers with: measured on a busy
    machine, two of them cost three times the CPU time of one. Who sets one of the variables is left his number.
    """
    if any(name in os.environ for name in _THREADS):
        import_module("numpy")
    elif "numpy" in sys.modules:
        _limit_loaded()
    else:
        os.environ.update(dict.fromkeys(_THREADS, "1"))
        try:
            import_module("numpy")
        finally:
            for name in _THREADS:
                os.environ.pop(name, None)


def _limit_loaded() -> None:
    """Tell the OpenBLAS that lies beside numpy in its wheels; where it comes from elsewhere, nothing is told."""
    place = sys.modules["numpy"].__file__
    libraries = Path(place).parent.with_name("numpy.libs") if place else Path()
    for library in libraries.glob("*openblas*"):
        with suppress(OSError):
            loaded = ctypes.CDLL(str(library))
            for name in _SETTERS:
                if hasattr(loaded, name):
                    getattr(loaded, name)(1)
                    break
