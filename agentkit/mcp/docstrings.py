"""What a tool's docstring says: a text for the model, and a description of each parameter (MCP-SRV-02)."""

from __future__ import annotations

import inspect
import re
from typing import Final

from docstring_parser import DocstringStyle, ParseError, parse

_ARGUMENTS: Final = frozenset({"args", "arguments", "parameters", "params"})
_LEFT_OUT: Final = _ARGUMENTS | {"returns", "return", "raises", "yields", "exceptions"}
_HEADING: Final = re.compile(r"([A-Za-z]+):\s*")


def read_docstring(text: str | None) -> tuple[str, dict[str, str]]:
    """Split a docstring in Google's style.

    Args:
        text: The docstring as written.

    Returns:
        The text without its sections `Args`, `Returns`, `Raises` and `Yields`, and what `Args` says of each parameter
        on one line. Other sections, such as `Example`, stay in the text.
    """
    kept: list[str] = []
    arguments: list[str] = []
    section = ""
    for line in inspect.cleandoc(text or "").splitlines():
        if line and not line[0].isspace():
            heading = _HEADING.fullmatch(line)
            name = heading[1].lower() if heading else ""
            section = name if name in _LEFT_OUT else ""
            if section:
                continue
        if not section:
            kept.append(line)
        elif section in _ARGUMENTS:
            arguments.append(line)
    return re.sub(r"\n{3,}", "\n\n", "\n".join(kept)).strip(), _descriptions(arguments)


def _descriptions(lines: list[str]) -> dict[str, str]:
    if not lines:
        return {}
    try:
        parsed = parse("\n".join(["", "Args:", *lines]), style=DocstringStyle.GOOGLE)
    except ParseError:
        return {}
    return {entry.arg_name: " ".join(entry.description.split()) for entry in parsed.params if entry.description}
