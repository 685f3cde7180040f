"""A small, strict reader of `.env`: only the names asked for, no interpolation, nothing put into the environment."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from typing import Final

from agentkit.errors import ConfigurationError

MAX_BYTES: Final = 1_048_576
"""A larger file is refused."""

_LINE_END = re.compile(r"\r\n|\r|\n")
"""Where an editor ends a line; `str.splitlines` would also do so inside values."""

_LINE = re.compile(r"\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=(.*)", re.DOTALL)
_QUOTED = re.compile(r"""(?:"((?:[^"\\]|\\.)*)"|'([^']*)')\s*(?:#.*)?""", re.DOTALL)
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t"}


def read_dotenv(path: str, names: Iterable[str]) -> dict[str, str]:
    r"""The values of some names in a `.env` file.

    `NAME=value`, optionally behind `export`; values may stand in single quotes (taken as they are) or double quotes
    (with `\n`, `\"`, `\\`); unquoted ones end at ` #`. Other lines and names are left alone, so that a file shared with
    another program does no harm. A later line wins over an earlier one.

    Args:
        path: The file; a missing file or a folder of that name holds nothing.
        names: The names looked for.

    Raises:
        ConfigurationError: The file cannot be read, or the value of a name looked for is malformed. The error tells the
            line, never the value.
    """
    wanted = frozenset(names)
    found: dict[str, str] = {}
    for number, line in enumerate(_LINE_END.split(_read(path)), start=1):
        match = _LINE.fullmatch(line)
        if match is not None and match[1] in wanted:
            found[match[1]] = _value(match[2].strip(), f"{path} line {number}", match[1])
    return found


def _read(path: str) -> str:
    try:
        # One small local file, once per client: a thread would cost more than the read. O_NONBLOCK: not even a pipe
        # of that name makes the caller wait.
        file = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
    except (FileNotFoundError, NotADirectoryError):
        return ""
    except OSError as error:
        raise ConfigurationError(path, "cannot be opened", remedy="Check its permissions.") from error
    try:
        content = os.read(file, MAX_BYTES + 1)
    except IsADirectoryError:
        return ""
    except OSError as error:
        raise ConfigurationError(path, "cannot be read", remedy="Check that it is a plain file.") from error
    finally:
        os.close(file)
    if len(content) > MAX_BYTES:
        raise ConfigurationError(path, "is larger than 1 MiB", remedy="Keep settings only in it.")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ConfigurationError(path, "is not UTF-8 text", remedy="Save it as UTF-8.") from None


def _value(text: str, place: str, name: str) -> str:
    if text[:1] not in {'"', "'"}:
        return re.split(r"(?:^|\s)#", text, maxsplit=1)[0].strip()
    match = _QUOTED.fullmatch(text)
    if match is None:
        raise ConfigurationError(place, f"the quotes of {name} do not fit", remedy="Write NAME='value' on one line.")
    if match[2] is not None:
        return match[2]
    return re.sub(r"\\(.)", lambda escape: _ESCAPES.get(escape[1], escape[1]), match[1])
