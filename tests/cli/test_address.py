"""Where things are served."""

from __future__ import annotations

import socket

import pytest

from agentkit.cli.address import UNREAD_SECONDS, bind, require_safe_host, require_url
from agentkit.errors import ConfigurationError, ServeError


def test_a_connection_whose_client_never_reads_is_given_up_by_the_kernel() -> None:
    """Only Linux can."""
    option = getattr(socket, "TCP_USER_TIMEOUT", None)
    address = bind("127.0.0.1", 0)
    try:
        with socket.create_connection((address.host, address.port)):
            address.socket.setblocking(True)
            accepted, _ = address.socket.accept()
            with accepted:
                assert option is None or accepted.getsockopt(socket.IPPROTO_TCP, option) == UNREAD_SECONDS * 1000
    finally:
        address.close()


def test_a_port_behind_the_last_one_is_refused_and_not_counted_from_zero_again() -> None:
    """`agentkit serve all --port 65534` would put its neighbours there, and the resolver counts modulo 65536."""
    with pytest.raises(ServeError, match="65538"):
        bind("127.0.0.1", 65538).close()


@pytest.mark.parametrize(
    "url",
    [
        "agents.example.org",
        "ftp://agents.example.org",
        "https://",
        "https://agents.example.org:99999",
        "https://agents.example.org:0",
        "https://ops:secret@agents.example.org",
        "https://agents.example.org/?token=secret",
        "https://agents.example.org/#top",
        "https://agents.example.org/\r\nX-Evil: 1",
        "https://[::1",
    ],
)
def test_a_public_address_that_no_client_can_use_never_comes_into_a_card(url: str) -> None:
    with pytest.raises(ConfigurationError, match="--public-url: is no http address") as refused:
        require_safe_host("127.0.0.1", url, (), insecure=True)
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:8702", "https://[2001:db8::1]:8702/base/", "https://agents.example.org"]
)
def test_a_public_address_may_have_port_and_path(url: str) -> None:
    assert require_url("--public-url", url) == url
