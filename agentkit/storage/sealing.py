"""Seals the few secrets that must outlive the process: static tokens of MCP servers, signing keys (design D13)."""

from __future__ import annotations

import base64
import binascii
import contextlib
import os
import shlex
import stat
import tempfile
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from agentkit.errors import ConfigurationError

KEY_VARIABLE: Final = "AGENTKIT_SECRET_KEY"
_KEY_BYTES: Final = 32
_NONCE_BYTES: Final = 12


class Sealer:
    """AES-256-GCM; what is sealed opens only in the place it was sealed for."""

    def __init__(self, key: bytes) -> None:
        """Take a key of 32 bytes."""
        self._cipher = AESGCM(key)

    def seal(self, secret: str, place: str) -> bytes:
        """Seal a secret for a place, for example the id of the row it lies in."""
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, secret.encode(), place.encode())

    def open(self, sealed: bytes, place: str) -> str | None:
        """The secret, or None when it was sealed with another key, for another place, or was changed."""
        try:
            return self._cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], place.encode()).decode()
        except (InvalidTag, ValueError):
            return None


def find_key(given: str | None, database: Path | None) -> bytes:
    """The key to seal with: the given one, else the variable, else a key file beside the database.

    The key file has mode 0600 and is made on first use. Without a database file the key lives as long as the process.

    Raises:
        ConfigurationError: The key is not 32 bytes in URL-safe base64, or the key file cannot be used, or others can
            use it too.
    """
    text = given if given is not None else os.environ.get(KEY_VARIABLE)
    if text:
        return _decode(text, KEY_VARIABLE)
    if database is None:
        return os.urandom(_KEY_BYTES)
    path = database.with_name(database.name + ".key")
    try:
        return _decode(_read_or_make(path), str(path))
    except OSError as error:
        raise ConfigurationError(
            str(path),
            f"the key file cannot be used ({error.strerror})",
            remedy=f"Make it readable and writable for you alone, or set {KEY_VARIABLE}.",
        ) from None


def _read_or_make(path: Path) -> str:
    if not path.exists():
        # Written aside and linked into place, so that another process never reads half a key.
        handle, draft = tempfile.mkstemp(dir=path.parent, prefix=path.name)
        try:
            with os.fdopen(handle, "w", encoding="ascii") as file:
                file.write(base64.urlsafe_b64encode(os.urandom(_KEY_BYTES)).decode())
            with contextlib.suppress(FileExistsError):
                os.link(draft, path)
        finally:
            Path(draft).unlink()
    with path.open(encoding="ascii", errors="replace") as file:
        mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
        if os.name == "posix" and mode & 0o077:
            raise ConfigurationError(
                str(path),
                f"is a key that others on this machine can use (mode {mode:o})",
                remedy=f"Run chmod 600 {shlex.quote(str(path))}, or where that cannot be, set {KEY_VARIABLE}.",
            )
        return file.read()


def _decode(text: str, setting: str) -> bytes:
    try:
        key = base64.b64decode(text.strip(), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != _KEY_BYTES:
        raise ConfigurationError(
            setting,
            "must be 32 bytes in URL-safe base64",
            remedy="Make one with: head -c 32 /dev/urandom | base64 | tr +/ -_",
        )
    return key
