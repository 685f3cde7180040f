"""Where a database lies, who may read its file, and which process holds it."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import Final

from agentkit.errors import StorageError

_SCHEME: Final = "sqlite:///"
_MEMORY: Final = ":memory:"
_POSTGRES: Final = ("postgresql://", "postgres://")


class FileLock:
    """Held while a process uses a database file; the system drops it when the process dies."""

    def __init__(self, descriptor: int) -> None:
        """Keep the open lock file."""
        self._descriptor = descriptor

    def release(self) -> None:
        """Let another process have the database."""
        with suppress(OSError):
            os.close(self._descriptor)


def is_postgres(url: str) -> bool:
    """The address is that of a PostgreSQL database."""
    return url.startswith(_POSTGRES)


def parse(url: str | Path | None) -> Path | None:
    """The file of a database address; None is a private database in memory.

    Raises:
        StorageError: The address names another database system, or no file.
    """
    if url is None or isinstance(url, Path):
        return url
    if url.removeprefix(_SCHEME) == _MEMORY:
        # To SQLite that is another database for each connection; beside it would lie files that guard nothing.
        raise StorageError(f"{_MEMORY} is no database that can be served.", remedy="Give sqlite:///PATH or a path.")
    if url.startswith(_SCHEME):
        return Path(url.removeprefix(_SCHEME)).expanduser()
    if "://" in url or not url or _looks_like_postgres(url):
        scheme = url.split("://", 1)[0] if "://" in url else ""
        raise StorageError(
            f"The database address with scheme {scheme!r} is not supported.",
            remedy="Give sqlite:///PATH, a path, or postgresql://USER@HOST/NAME where several processes may share it.",
        )
    return Path(url).expanduser()


def _looks_like_postgres(url: str) -> bool:
    """Misspelled, it would become a file whose name shows the password."""
    return url.startswith(("postgresql:", "postgres:")) or "password=" in url


def prepare(path: Path) -> None:
    """Make the folder (0700) and the file (0600) where they are missing, so that only their owner reads them.

    Raises:
        StorageError: The file cannot be made.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    except OSError as error:
        raise StorageError(
            f"The database {path} cannot be made ({error.strerror}).",
            remedy="Check the path and its permissions, or choose another one.",
        ) from error


def lock(path: Path, *, shared: bool = False) -> FileLock:
    """Take the database for this process, by whatever name the file is given: links to it are followed.

    Recovery after a crash takes every unfinished task for an orphan, which is true only for the one process in charge.

    Args:
        path: Of the database.
        shared: Others may use it at the same time, if they share it too.

    Raises:
        StorageError: It is in use already.
    """
    try:
        descriptor = os.open(f"{os.path.realpath(path)}.lock", os.O_CREAT | os.O_RDWR, 0o600)
    except OSError as error:
        raise StorageError(
            f"The lock file {path}.lock cannot be made ({error.strerror}).",
            remedy="Check the permissions of its folder, or choose another path.",
        ) from error
    if sys.platform == "win32":
        return FileLock(descriptor)
    import fcntl

    try:
        fcntl.flock(descriptor, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except OSError as error:
        os.close(descriptor)
        raise StorageError(
            f"The database {path} is in use.",
            remedy="Stop the process that uses it, share its Database object, or choose another path.",
        ) from error
    return FileLock(descriptor)
