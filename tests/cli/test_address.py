"""Where things are served."""

from __future__ import annotations

import socket

from agentkit.cli.address import UNREAD_SECONDS, bind


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
