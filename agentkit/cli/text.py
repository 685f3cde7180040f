"""Text of others, for a terminal: names, answers and errors may come from anybody."""

from __future__ import annotations

from typing import Final

_KEPT: Final = "\n\t"
_CONTROLS: Final = (*range(0x20), *range(0x7F, 0xA0), *range(0x202A, 0x202F), *range(0x2066, 0x206A))
_VISIBLE: Final = {code: f"\\x{code:02x}" for code in _CONTROLS if chr(code) not in _KEPT}


def plain(text: str) -> str:
    """The text with control characters and changes of direction made visible, so that it moves no cursor.

    A terminal obeys escape sequences: they hide text, rewrite what stands above, set the title or the clipboard.
    """
    return text.translate(_VISIBLE)


def one_line(text: str) -> str:
    """The same in one line."""
    return " ".join(plain(text).split("\n"))


def counted(number: int, what: str) -> str:
    """So many of something, for example 1 warning."""
    return f"{number} {what}{'' if number == 1 else 's'}"


def shown(text: str) -> str:
    """The same for rich, whose markup it does not start."""
    from rich.markup import escape  # here, because an error is told without rich

    return escape(plain(text))
