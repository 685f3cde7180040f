"""The prompt of an expert: a text, or the file that holds it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from agentkit.errors import SpecError

MAX_PROMPT: Final = 100_000
"""Characters a prompt may have."""

_FILE_NAME: Final = re.compile(r"\S+\.(?:md|markdown|txt|prompt)", re.IGNORECASE)


def read_prompt(field: str, given: object) -> str | None:
    """The text of a prompt.

    Args:
        field: Names it in errors.
        given: A text, a `Path` (relative to the working directory), or None for none.

    Raises:
        SpecError: It is something else, empty or too long, or names a file that cannot be read as UTF-8.
    """
    match given:
        case None:
            return None
        case Path():
            text, what = _read(field, given), f"the file {given} "
        case str():
            text, what = given, ""
            if _FILE_NAME.fullmatch(text.strip()):
                raise SpecError(field, f"is the text {text!r}", remedy=f"For the file, write Path({text!r}).")
        case _:
            raise SpecError(field, f"is a {type(given).__name__}", remedy="Give a text or a pathlib.Path.")
    if not text.strip():
        raise SpecError(field, f"{what}is empty", remedy="Say how the expert shall work, or leave the prompt out.")
    if len(text) > MAX_PROMPT:
        raise SpecError(field, f"{what}has {len(text)} characters; at most {MAX_PROMPT} are taken")
    check_sendable(field, text, what)
    return text


def check_sendable(field: str, text: str, what: str = "") -> None:
    """Refuse a text that no API takes.

    Args:
        field: Names it in the error.
        text: The text.
        what: The file it comes from.

    Raises:
        SpecError: It holds a NUL, or half of a character.
    """
    if "\0" in text or any("\ud800" <= char <= "\udfff" for char in text):
        raise SpecError(field, f"{what}holds a NUL or half of a character", remedy="Write it as plain text, in UTF-8.")


def _read(field: str, path: Path) -> str:
    try:
        with path.open("rb") as file:
            # One byte more than any prompt has, so that a file of gigabytes, or one without end, is not read.
            content = file.read(4 * MAX_PROMPT + 1)
    except (OSError, ValueError) as error:
        reason = (isinstance(error, OSError) and error.strerror) or type(error).__name__
        remedy = f"A relative path begins at the working directory, {Path.cwd()}."
        raise SpecError(field, f"the file {path} cannot be read ({reason})", remedy=remedy) from None
    if len(content) > 4 * MAX_PROMPT:
        raise SpecError(field, f"the file {path} is too large; a prompt has at most {MAX_PROMPT} characters")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise SpecError(field, f"the file {path} is not UTF-8", remedy="Save it as UTF-8.") from None
