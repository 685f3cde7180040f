"""The certificate of a client whose TLS a proxy has ended: what the proxy says of it in a header."""

from __future__ import annotations

import base64
import binascii
import re
from datetime import datetime
from typing import Final
from urllib.parse import unquote

from cryptography import x509

CLIENT_CERT: Final = "client-cert"
"""RFC 9440: the certificate itself, as a byte sequence between colons."""

FORWARDED_CLIENT_CERT: Final = "x-forwarded-client-cert"
"""Envoy and those who do like it: what the certificate says, or the certificate, in a list of pairs."""

_LONGEST: Final = 16_384
_BYTES: Final = re.compile(r":([A-Za-z0-9+/]+={0,2}):")
_PAIR: Final = re.compile(r'([A-Za-z]+)=("(?:[^"\\]|\\.)*"|[^;,"]*)(;|$)')


def certificate_name(header: str, value: str, now: datetime) -> str | None:
    """Whom a certificate names, as `issuer|subject`; None where the header holds no certificate that is valid now.

    The subject is its first URI (a SPIFFE id, for example) where it has one, else its distinguished name. Where the
    proxy sends no certificate but only what it says, there is no issuer before the bar.

    Args:
        header: `client-cert` or `x-forwarded-client-cert`.
        value: What the proxy sent.
        now: With time zone.
    """
    if len(value) > _LONGEST:
        return None
    if header == CLIENT_CERT:
        match = _BYTES.fullmatch(value.strip())
        return _named(_der(match.group(1)), now) if match else None
    return _forwarded_name(value.strip(), now)


def _forwarded_name(value: str, now: datetime) -> str | None:
    """What one element says; several are none, for those before the last one come from whoever sent them."""
    pairs: dict[str, str] = {}
    position = 0
    while position < len(value):
        match = _PAIR.match(value, position)
        if match is None or match.group(1).lower() in pairs:
            return None
        pairs[match.group(1).lower()] = _unquoted(match.group(2))
        position = match.end()
    if "cert" in pairs:
        return _named(_pem(pairs["cert"]), now)
    subject = pairs.get("uri") or pairs.get("subject") or pairs.get("hash")
    return f"|{subject}" if subject else None


def _unquoted(value: str) -> str:
    return re.sub(r"\\(.)", r"\1", value[1:-1]) if value.startswith('"') else value


def _der(text: str) -> x509.Certificate | None:
    try:
        return x509.load_der_x509_certificate(base64.b64decode(text, validate=True))
    except (ValueError, binascii.Error):
        return None


def _pem(text: str) -> x509.Certificate | None:
    try:
        return x509.load_pem_x509_certificate(unquote(text).encode())
    except ValueError:
        return None


def _named(certificate: x509.Certificate | None, now: datetime) -> str | None:
    if certificate is None:
        return None
    try:
        if not certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc:
            return None
        subject = _uri(certificate) or certificate.subject.rfc4514_string()
        issuer = certificate.issuer.rfc4514_string()
    except ValueError:  # parts of it are read late
        return None
    return f"{issuer}|{subject}" if subject else None


def _uri(certificate: x509.Certificate) -> str | None:
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return None
    return next(iter(names.get_values_for_type(x509.UniformResourceIdentifier)), None)
