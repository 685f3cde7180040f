"""Where commands keep their data (design, section 9)."""

from __future__ import annotations

import os
import re
from pathlib import Path

from agentkit.errors import ConfigurationError, StorageError


def data_folder() -> Path:
    """`$XDG_DATA_HOME/agentkit`, by default below `~/.local/share`.

    Raises:
        ConfigurationError: Neither variable is set, and the user has no home.
    """
    root = os.environ.get("XDG_DATA_HOME", "").strip()
    try:
        return (Path(root) if root else Path.home() / ".local" / "share") / "agentkit"
    except RuntimeError:
        raise ConfigurationError("HOME", "is not set", remedy="Set HOME or XDG_DATA_HOME.") from None


def database(name: str, given: str | None) -> str:
    """The database of a server: what was given, else `AGENTKIT_DATABASE`, else its own file."""
    return given or os.environ.get("AGENTKIT_DATABASE", "").strip() or own_database(name)


def file_name(name: str) -> str:
    """A name as part of a file name: it may be that of an agent at Corti, and lead out of the folder."""
    return re.sub(r"[^\w.-]+|^\.+", "-", name)


def own_database(name: str) -> str:
    """A file in the data folder, which is made private where it does not exist.

    Raises:
        StorageError: The folder cannot be made.
    """
    folder = data_folder()
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        remedy = "Set XDG_DATA_HOME to a folder that may be written, or give --database."
        raise StorageError(f"The data folder {folder} cannot be made ({reason}).", remedy=remedy) from None
    return str(folder / f"{file_name(name)}.db")
