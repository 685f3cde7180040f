from __future__ import annotations

import datetime
import socket
import ssl
import threading
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from agentkit.client import AsyncCorti, Corti
from agentkit.errors import ConnectionFailed

pytestmark = pytest.mark.anyio


async def test_a_certificate_nobody_trusts_is_told_as_that(tmp_path: Path) -> None:
    """CLI-08: the usual case in a hospital, whose proxy opens TLS with certificates of its own."""
    with _tls_server(tmp_path) as url:
        async with AsyncCorti(base_url=url, token="t", max_retries=0) as corti:
            with pytest.raises(ConnectionFailed, match=r"certificate is not trusted.*SSL_CERT_FILE; nothing was sent"):
                await corti.agents.list().all()


def test_the_blocking_client_tells_it_too(tmp_path: Path) -> None:
    with (
        _tls_server(tmp_path) as url,
        Corti(base_url=url, token="t", max_retries=0) as corti,
        pytest.raises(ConnectionFailed, match=r"certificate is not trusted.*SSL_CERT_FILE; nothing was sent"),
    ):
        corti.agents.list().all()


def test_a_name_that_no_server_has_is_told_as_that() -> None:
    """CLI-08."""

    def resolve(_request: httpx2.Request) -> httpx2.Response:
        raise httpx2.ConnectError("canary") from socket.gaierror(socket.EAI_NONAME, "canary")

    with (
        Corti(environment="eu", token="t", transport=httpx2.MockTransport(resolve)) as corti,
        pytest.raises(ConnectionFailed, match=r"https://api\.eu\.corti\.app \(its name is not known\).*DNS") as caught,
    ):
        corti.agents.list().all()
    assert "canary" not in str(caught.value)


@contextmanager
def _tls_server(folder: Path) -> Generator[str]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(_self_signed(folder))
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(60)
        thread = threading.Thread(target=_shake_hands, args=(server, context))
        thread.start()
        try:
            yield f"https://127.0.0.1:{server.getsockname()[1]}"
        finally:
            thread.join()


def _shake_hands(server: socket.socket, context: ssl.SSLContext) -> None:
    connection, _ = server.accept()
    with connection:
        connection.settimeout(60)
        try:
            context.wrap_socket(connection, server_side=True).close()
        except OSError:
            return  # the client does not want to


def _self_signed(folder: Path) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = folder / "server.pem"
    pem.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    return pem
