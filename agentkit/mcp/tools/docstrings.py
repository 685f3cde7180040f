"""What a tool's docstring says: a text for the model, and a description of each parameter (MCP-SRV-02)."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from typing import Final

from docstring_parser import DocstringStyle, ParseError, parse

_ARGUMENTS: Final = frozenset({"args", "arguments", "parameters", "params", "other parameters"})
_LEFT_OUT: Final = _ARGUMENTS | {"returns", "return", "raises", "yields", "exceptions"}
_HEADING: Final = re.compile(r"([A-Za-z]+):\s*")
_UNDERLINE: Final = re.compile(r"-{3,}\s*")
_FIELD: Final = re.compile(
    r":(param|parameter|arg|argument|key|keyword|type|returns?|rtype|raises?|except|yields?)\b.*:"
)


def read_docstring(text: str | None) -> tuple[str, dict[str, str]]:
    """Split a docstring in the style of Google, NumPy or Sphinx.

    Args:
        text: The docstring as written.

    Returns:
        The text without what it says of parameters, results and errors, and what it says of each parameter on one
        line. Other sections, such as `Example`, stay in the text.
    """
    lines = inspect.cleandoc(text or "").splitlines()
    if any(map(_FIELD.match, lines)):
        kept, arguments, style = _sphinx(lines)
    elif any(name in _LEFT_OUT for name, _ in _underlined(lines)):
        kept, arguments, style = _numpy(lines)
    else:
        kept, arguments, style = _google(lines)
    return re.sub(r"\n{3,}", "\n\n", "\n".join(kept)).strip(), _descriptions(arguments, style)


_Split = tuple[list[str], list[str], DocstringStyle]


def _google(lines: list[str]) -> _Split:
    kept: list[str] = []
    arguments: list[str] = []
    section = ""
    for line in lines:
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
    return kept, ["Args:", *arguments] if arguments else [], DocstringStyle.GOOGLE


def _numpy(lines: list[str]) -> _Split:
    kept: list[str] = []
    arguments: list[str] = []
    for name, section in _underlined(lines):
        if name not in _LEFT_OUT:
            kept += section
        elif name in _ARGUMENTS:
            arguments += ["Parameters", "----------", *section[2:]]
    return kept, arguments, DocstringStyle.NUMPYDOC


def _underlined(lines: list[str]) -> Iterator[tuple[str, list[str]]]:
    """The sections with their headings, by the name of each; first what comes before them."""
    name, section = "", list[str]()
    for index, line in enumerate(lines):
        if line.strip() and index + 1 < len(lines) and _UNDERLINE.fullmatch(lines[index + 1]):
            yield name, section
            name, section = line.strip().lower(), []
        section.append(line)
    yield name, section


def _sphinx(lines: list[str]) -> _Split:
    kept: list[str] = []
    fields: list[str] = []
    inside = False
    for line in lines:
        if line and not line[0].isspace():
            inside = _FIELD.match(line) is not None
        (fields if inside else kept).append(line)
    return kept, fields, DocstringStyle.REST


def _descriptions(lines: list[str], style: DocstringStyle) -> dict[str, str]:
    if not lines:
        return {}
    try:
        parsed = parse("\n".join(["", *lines]), style=style)
    except ParseError:
        return {}
    return {entry.arg_name: " ".join(entry.description.split()) for entry in parsed.params if entry.description}
