"""Loopback and Unix sockets only: every other connect, send or name look-up is refused.

An audit hook sees what C code and asyncio do too, whichever name they imported the call under. The error is no
`OSError`, because code under test turns those into errors of its own; an attempt that was swallowed all the same
fails the test when it ends. Child processes are not covered.
"""

from __future__ import annotations

import ipaddress
import sys
from collections.abc import Generator, Iterator
from contextlib import contextmanager

import pytest


class NetworkRefused(RuntimeError):
    """A test tried to leave this machine."""


_TO_AN_ADDRESS = {"socket.connect": 1, "socket.sendto": 1, "socket.sendmsg": 1}
_BY_NAME = frozenset({"socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyname_ex"})
_LOCAL_NAMES = frozenset({"", "localhost", "ip6-localhost"})

_refused: list[str] = []
# An audit hook can never be removed, so it looks whether a test run is on.
_guarded: list[bool] = []


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host.partition("%")[0]).is_loopback
    except ValueError:
        return host in _LOCAL_NAMES


def _is_local_name(host: object) -> bool:
    if host is None:
        return True
    name = host.decode("idna") if isinstance(host, bytes) else str(host)
    # Servers resolve the unspecified addresses before they bind; nothing is sent for that.
    return name in {"0.0.0.0", "::"} or _is_loopback(name)  # noqa: S104


def _hook(event: str, args: tuple[object, ...]) -> None:
    if not _guarded:
        return
    if event in _TO_AN_ADDRESS:
        address = args[_TO_AN_ADDRESS[event]]
        # Only internet addresses are tuples that begin with a host; a Unix socket's is a path.
        if isinstance(address, tuple) and address and isinstance(address[0], str) and not _is_loopback(address[0]):
            _refuse(event, address[0])
    elif event in _BY_NAME and not _is_local_name(args[0]):
        _refuse(event, str(args[0]))


def _refuse(event: str, host: str) -> None:
    _refused.append(f"{event} to {host}")
    raise NetworkRefused(f"{event} to {host}: tests reach loopback addresses and Unix sockets only")


sys.addaudithook(_hook)


@contextmanager
def expect_refusals() -> Generator[list[str]]:
    """Collect the refusals of the block instead of failing the test for them; for the guard's own tests."""
    before = len(_refused)
    seen: list[str] = []
    try:
        yield seen
    finally:
        seen.extend(_refused[before:])
        del _refused[before:]


def pytest_sessionstart() -> None:
    _guarded.append(True)


def pytest_sessionfinish() -> None:
    _guarded.pop()


@pytest.fixture(autouse=True)
def network_guard() -> Iterator[None]:
    """Fail the test for every attempt made while it ran, also a swallowed one."""
    _refused.clear()
    yield
    attempts = list(_refused)
    _refused.clear()
    if attempts:
        pytest.fail(f"the test tried to leave this machine: {'; '.join(attempts)}", pytrace=False)
