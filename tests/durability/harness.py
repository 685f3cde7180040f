"""Kills a program at random points, starts it again, and keeps what it did in a ledger outside of it.

A program is a module with `async def main(arguments: list[str], tell: Tell) -> None`. It tells when something has
happened, and is killed (SIGKILL) after a number of such tellings, at whatever it is doing then. It is started by
forking a process that has imported it already, so a start costs milliseconds, not seconds.
"""

from __future__ import annotations

import asyncio
import importlib
import json
import os
import random
import signal
import subprocess
import sys
import traceback
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

Tell = Callable[[str], None]
"""Says what has happened, in one word; the program may be killed from now on."""


class Ledger:
    """What the outside world has seen: lines appended by several processes, each in one write, in order."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def append(self, *words: str) -> None:
        """Add a line; it is there before this returns, whatever happens to the process then."""
        descriptor = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            os.write(descriptor, f"{' '.join(words)}\n".encode())
        finally:
            os.close(descriptor)

    def lines(self) -> list[list[str]]:
        """All lines so far, by words."""
        return [line.split() for line in self.path.read_text().splitlines()] if self.path.exists() else []

    def count(self, first: str) -> Counter[str]:
        """How often each line with this first word was added."""
        return Counter(" ".join(line[1:]) for line in self.lines() if line[0] == first)


class Life:
    """One run of a program: from its start to its end, or to its being killed."""

    def __init__(self, program: Program, pid: int) -> None:
        self._program = program
        self._pid = pid
        self.status: int | None = None
        self.told = list[str]()

    def wait_for(self, tellings: int) -> bool:
        """Wait until the program has told so often; False when it ended before."""
        while tellings and self.status is None:
            self._read()
            tellings -= 1
        return self.status is None

    def expect(self, *words: str) -> None:
        """Wait until the program has told all of these, in any order."""
        while not set(words) <= set(self.told):
            self._read()
            assert self.status is None, f"it ended before it told all of {words!r}"

    def kill(self) -> None:
        """Kill it where it is, and wait until it is gone."""
        os.kill(self._pid, signal.SIGKILL)
        self.end()

    def end(self) -> int:
        """Wait until it has ended; returns its exit status, negative for a signal."""
        while self.status is None:
            self._read()
        return self.status

    def _read(self) -> str:
        word = self._program.read()
        self.told.append(word)
        if word.startswith("exit "):
            self.status = int(word.removeprefix("exit "))
        return word


class Program:
    """A module that can be started over and over; a context manager."""

    def __init__(self, module: str) -> None:
        self._life: Life | None = None
        self._process = subprocess.Popen(
            [sys.executable, "-m", __name__, module], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def __enter__(self) -> Self:
        assert self.read() == "ready"
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.rest()
        self._process.communicate()

    def rest(self) -> None:
        """Kill it where it still lives."""
        if self._life is not None and self._life.status is None:
            self._life.kill()

    def start(self, *arguments: str) -> Life:
        """Begin a life of the program."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(arguments) + "\n")
        self._process.stdin.flush()
        self._life = Life(self, int(self.read().removeprefix("pid ")))
        return self._life

    def read(self) -> str:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, "the program that starts the others has died"
        return line.rstrip("\n")


def kill_at_random(program: Program, arguments: Callable[[int], tuple[str, ...]], *, kills: int, seed: int) -> int:
    """Start a program and kill it until it was killed often enough; then let it come to its end.

    Args:
        program: What to start.
        arguments: For it, given how often it was killed.
        kills: How often to kill it.
        seed: Of the points.

    Returns:
        How often it was started.
    """
    chance, killed, starts = random.Random(seed), 0, 0  # noqa: S311
    while killed < kills:
        starts += 1
        life = program.start(*arguments(killed))
        if life.wait_for(chance.randint(1, 30)):
            life.kill()
            killed += 1
        else:
            assert life.status == 0
    assert program.start(*arguments(killed)).end() == 0
    return starts + 1


def _serve(module: str) -> None:
    program = importlib.import_module(module)
    _say("ready")
    for line in sys.stdin:
        pid = os.fork()
        if pid == 0:
            _say(f"pid {os.getpid()}")
            try:
                asyncio.run(program.main(json.loads(line), _say))
            except BaseException as error:
                traceback.print_exception(error)
                os._exit(1)
            os._exit(0)
        _say(f"exit {os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])}")


def _say(word: str) -> None:
    os.write(1, f"{word}\n".encode())


if __name__ == "__main__":
    _serve(sys.argv[1])
