"""Makes the blocking client out of the asynchronous one: `python -m tests.architecture.blocking_twin --write`.

Only the resources are made so; what does I/O (`session`, `blocking_session`) and what no I/O at all (everything else)
is written by hand.
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import unasync  # pyright: ignore[reportMissingTypeStubs]

ROOT = Path(__file__).parents[2]
CLIENT = ROOT / "agentkit" / "client"
SOURCES = CLIENT / "resources"
TWINS = CLIENT / "blocking"

_NAMES = {
    "AsyncCorti": "Corti",
    "AsyncSession": "BlockingSession",
    "AsyncBaseTransport": "BaseTransport",
    "AsyncGenerator": "Generator",
    "aclose": "close",
    "aclosing": "closing",
    "anext": "next",
    "resources": "blocking",
}
_MODULES = {"agentkit.client.session": "agentkit.client.blocking_session"}
_PROSE = (
    (re.compile(r"\bawait "), ""),
    (re.compile(r"\basync (?=with|for|def)"), ""),
    (re.compile(r"\bAwaitable\[([^\[\]]+)\]"), r"\1"),
    (re.compile(r"\baclose\b"), "close"),
    (re.compile(r"\bAsyncCorti\b(?! belongs)"), "Corti"),
    (re.compile(r"\basynchronous\b"), "blocking"),
)


def twins() -> dict[Path, str]:
    """Each file of the blocking client with the text it must have."""
    sources = [CLIENT / "corti.py", *sorted(SOURCES.glob("*.py"))]
    names = {**_NAMES, **{name: f"Blocking{name}" for name in _classes(sources) if name not in _NAMES}}
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder)
        for source in sources:
            (made / "in" / source.name).parent.mkdir(exist_ok=True)
            (made / "in" / source.name).write_text(source.read_text("utf-8"), "utf-8")
        rule = unasync.Rule(f"{made}/in/", f"{made}/out/", additional_replacements=names)
        unasync.unasync_files(  # pyright: ignore[reportUnknownMemberType]
            [str(made / "in" / source.name) for source in sources], [rule]
        )
        for source in sources:
            twin = made / "out" / source.name
            origin = source.relative_to(CLIENT).as_posix()
            notice = f"# Made from {origin}: change that file, then run `make twins`.\n"
            twin.write_text(notice + _spelled(twin.read_text("utf-8")), "utf-8")
        _ruff("check", "--quiet", "--fix", "--unsafe-fixes", "--select", "I,F401,UP,C4", str(made / "out"))
        _ruff("format", "--quiet", str(made / "out"))
        return {TWINS / source.name: (made / "out" / source.name).read_text("utf-8") for source in sources}


def _classes(sources: list[Path]) -> set[str]:
    """The public classes that exist in both spellings."""
    trees = [ast.parse(source.read_text("utf-8")) for source in sources]
    return {node.name for tree in trees for node in tree.body if isinstance(node, ast.ClassDef)}


def _spelled(text: str) -> str:
    for module, twin in _MODULES.items():
        text = text.replace(f"{module} ", f"{twin} ")
    for pattern, words in _PROSE:
        text = pattern.sub(words, text)
    return text


def _ruff(*arguments: str) -> None:
    config = ("--config", str(ROOT / "pyproject.toml"))
    subprocess.run([sys.executable, "-m", "ruff", *arguments[:1], *config, *arguments[1:]], check=True)


def main() -> None:
    """Write the twins, or say which of them are not what they must be."""
    expected = twins()
    extra = set(TWINS.glob("*.py")) - set(expected)
    if sys.argv[1:] == ["--write"]:
        TWINS.mkdir(exist_ok=True)
        for path, text in expected.items():
            path.write_text(text, "utf-8")
        for path in extra:
            path.unlink()
        return
    stale = [path for path, text in expected.items() if not path.exists() or path.read_text("utf-8") != text]
    sys.exit("\n".join(f"stale: {path.relative_to(ROOT)}" for path in (*stale, *extra)) or 0)


if __name__ == "__main__":
    main()
