from __future__ import annotations

import asyncio
import socket
import tempfile
from pathlib import Path

import anyio
import pytest

from tests.deadline import HANG
from tests.guards.network import NetworkRefused, expect_refusals

# TEST-NET-1: documentation addresses that no host answers.
OUTSIDE = "192.0.2.1"


def test_a_connect_to_a_public_address_is_refused() -> None:
    with expect_refusals() as refused, socket.socket() as sock, pytest.raises(NetworkRefused, match=OUTSIDE):
        sock.connect((OUTSIDE, 443))
    assert refused == [f"socket.connect to {OUTSIDE}"]


def test_a_connect_over_ipv6_is_refused() -> None:
    with expect_refusals(), socket.socket(socket.AF_INET6) as sock, pytest.raises(NetworkRefused):
        sock.connect(("2001:db8::1", 443))


def test_a_datagram_to_a_public_address_is_refused() -> None:
    with expect_refusals(), socket.socket(type=socket.SOCK_DGRAM) as sock, pytest.raises(NetworkRefused):
        sock.sendto(b"x", (OUTSIDE, 53))


@pytest.mark.parametrize("host", ["example.org", "localhost.example.org", OUTSIDE])
def test_a_name_look_up_is_refused(host: str) -> None:
    with expect_refusals(), pytest.raises(NetworkRefused, match="loopback"):
        socket.getaddrinfo(host, 443)


@pytest.mark.anyio
async def test_a_connection_of_the_event_loop_is_refused() -> None:
    with expect_refusals() as refused:
        with pytest.raises(NetworkRefused):
            await asyncio.open_connection(OUTSIDE, 443)
        with pytest.raises(NetworkRefused):
            await asyncio.open_connection("example.org", 443)
    assert refused == [f"socket.connect to {OUTSIDE}", "socket.getaddrinfo to example.org"]


@pytest.mark.anyio
async def test_loopback_is_allowed() -> None:
    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(await reader.readline())
        writer.close()

    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    with anyio.fail_after(HANG):
        for host in ("127.0.0.1", "localhost"):
            reader, writer = await asyncio.open_connection(host, port)
            writer.write(b"hello\n")
            assert await reader.readline() == b"hello\n"
            writer.close()
            await writer.wait_closed()
    server.close()


def test_unix_sockets_are_allowed() -> None:
    with tempfile.TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX) as server:
        path = str(Path(folder) / "s")
        server.bind(path)
        server.listen(1)
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(path)


def test_a_swallowed_attempt_still_fails_the_test(pytester: pytest.Pytester) -> None:
    pytester.makeconftest('pytest_plugins = ["tests.guards.network"]')
    pytester.makepyfile(f"""
        import socket

        def test_swallows():
            try:
                socket.getaddrinfo("{OUTSIDE}", 1)
            except Exception:
                pass
    """)
    result = pytester.runpytest_inprocess()
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(["*tried to leave this machine: socket.getaddrinfo to 192.0.2.1*"])


@pytest.mark.usefixtures("untraced_children")
def test_fixtures_of_a_whole_module_are_guarded_too(pytester: pytest.Pytester) -> None:
    pytester.makeconftest('pytest_plugins = ["tests.guards.network"]')
    pytester.makepyfile(f"""
        import socket
        import pytest

        @pytest.fixture(scope="module")
        def connection():
            return socket.create_connection(("{OUTSIDE}", 1), timeout=0.1)

        def test_uses(connection):
            pass
    """)
    result = pytester.runpytest_subprocess()
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*NetworkRefused: socket.getaddrinfo to 192.0.2.1*"])
