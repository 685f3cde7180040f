"""Code blocks of a Markdown document, and the commands in them.

A comment on the line before a block says how it is tested:

    <!-- run -->                            run it (Python blocks always are)
    <!-- run while: agentkit serve all -->  run it while that command serves
    <!-- run against the stand-in -->       run it with the variables of a Corti served for it (tests/stand_in.py)
    <!-- not run: needs a Corti account -->  do not run it; a bash block says nothing instead
"""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from pathlib import Path

_BLOCK = re.compile(
    r"(?:^<!-- (?P<verb>run while|run against the stand-in|not run|run)(?:: (?P<detail>[^\n]+?))? -->\n+)?"
    r"^```(?P<language>bash|python)\n(?P<source>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)
_STAND_IN = "run against the stand-in"
_RUNNING = frozenset({"run", "run while", _STAND_IN})
_OPERATORS = frozenset({"&&", "||", "|", ";", "&", "\n"})
_ASSIGNMENT = re.compile(r"^\w+=")


@dataclass(frozen=True)
class Block:
    """One fenced block of bash or Python."""

    document: str
    line: int
    language: str
    source: str
    runs: bool
    server: tuple[str, ...] | None
    has_stand_in: bool

    def __str__(self) -> str:
        """Where it stands."""
        return f"{self.document}:{self.line}"


def read_blocks(path: Path) -> list[Block]:
    """The bash and Python blocks of a document, in order."""
    text = path.read_text(encoding="utf-8")
    return [
        Block(
            document=path.name,
            line=text.count("\n", 0, match.start("source")),
            language=match["language"],
            source=match["source"],
            runs=match["verb"] in _RUNNING or (match["language"] == "python" and match["verb"] is None),
            server=tuple(shlex.split(match["detail"])) if match["verb"] == "run while" else None,
            has_stand_in=match["verb"] == _STAND_IN,
        )
        for match in _BLOCK.finditer(text)
    ]


def commands(source: str) -> list[list[str]]:
    """The simple commands of shell source, without variable assignments before them and without redirections."""
    found: list[list[str]] = []
    for line in source.replace("\\\n", " ").splitlines():
        lexer = shlex.shlex(line, posix=True, punctuation_chars=True)
        lexer.whitespace_split = True
        words: list[str] = []
        for word in [*lexer, "\n"]:
            if word not in _OPERATORS:
                words.append(word)
                continue
            while words and _ASSIGNMENT.match(words[0]):
                words.pop(0)
            if words:
                found.append(words)
            words = []
    return found
