"""What the README tells people to type works: blocks are run, and every command that is only shown exists."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import anyio
import httpx2
import pytest
from anyio.streams.text import TextReceiveStream
from typer.testing import CliRunner

from agentkit.cli.commands import app
from tests.contract.serving import served
from tests.deadline import HANG, HANG_PROCESS
from tests.markdown import Block, commands, read_blocks
from tests.stand_in import stand_in, variables

pytestmark = pytest.mark.anyio

ROOT = Path(__file__).parents[1]
BIN = Path(sys.executable).parent
READY = "Ctrl-C stops."
BLOCKS = read_blocks(ROOT / "README.md")
SIGN_IN = re.compile(r"http://127\.0\.0\.1:\d+/realms/\S+/auth\?\S+(?=\s)")
SHOWN = sorted({tuple(words) for block in BLOCKS if block.language == "bash" for words in commands(block.source)})


def _shown(program: str) -> list[tuple[str, ...]]:
    return [words for words in SHOWN if words[0] == program]


def _environment(home: Path) -> dict[str, str]:
    path = os.pathsep.join([str(BIN), os.environ["PATH"]])
    return {**os.environ, "PATH": path, "HOME": str(home), "PYTHONUNBUFFERED": "1", "TERM": "dumb", "COLUMNS": "200"}


@asynccontextmanager
async def _serving(command: tuple[str, ...], folder: Path) -> AsyncGenerator[str]:
    """Keep a server command running once it is ready; it must stop cleanly on SIGTERM.

    Yields:
        What it said about where it listens.
    """
    said: list[str] = []
    listens = anyio.Event()

    async def read(stream: TextReceiveStream) -> None:
        async for text in stream:
            said.append(text)
            if READY in "".join(said):
                listens.set()
        listens.set()

    program = [str(BIN / command[0]), *command[1:]]
    process = await anyio.open_process(program, cwd=folder, env=_environment(folder), stderr=subprocess.STDOUT)
    async with process, anyio.create_task_group() as tasks:
        assert process.stdout
        tasks.start_soon(read, TextReceiveStream(process.stdout))
        try:
            await listens.wait()
            assert READY in "".join(said), "".join(said)
            yield "".join(said)
        finally:
            if process.returncode is None:
                process.terminate()
            with anyio.fail_after(HANG_PROCESS, shield=True):
                await process.wait()
    assert process.returncode == 0, "".join(said)


def _moved(source: str, said: str) -> str:
    """A block with the addresses of the servers that run, for the usual ports may be taken on this machine."""
    for name, usual in (("platform", "http://127.0.0.1:8700"), ("ehr", "http://127.0.0.1:8701")):
        found = re.search(rf"^{name} +(http://127\.0\.0\.1:\d+)", said, re.MULTILINE)
        assert found, said
        source = source.replace(usual, found[1])
    return source


@pytest.mark.parametrize("block", [block for block in BLOCKS if block.runs], ids=str)
async def test_a_block_of_the_readme_runs(block: Block, tmp_path: Path) -> None:
    with anyio.fail_after(HANG_PROCESS):
        async with AsyncExitStack() as stack:
            source = block.source
            if block.server:
                said = await stack.enter_async_context(_serving((*block.server, "--port", "0"), tmp_path))
                source = _moved(source, said)
            environment = _environment(tmp_path)
            double = stand_in()
            if block.has_stand_in:
                await stack.enter_async_context(served(double))
                environment |= variables(double)
            if block.language == "python":
                command = [sys.executable, "-W", "error", "-c", source]
            else:
                command = ["bash", "-euo", "pipefail", "-c", source]
            status, said = await _run(command, tmp_path, environment)
        assert status == 0, said
        assert bool(double.calls) == block.has_stand_in, said


async def _run(command: Sequence[str], folder: Path, environment: Mapping[str, str]) -> tuple[int, str]:
    """Run a program; to the address of a sign-in that it shows it is told the code a browser would come back with."""
    said = ""
    process = await anyio.open_process(command, cwd=folder, env=environment, stderr=subprocess.STDOUT)
    async with process:
        assert process.stdin
        assert process.stdout
        if "input(" not in command[-1]:
            await process.stdin.aclose()
        signed_in = False
        async for text in TextReceiveStream(process.stdout):
            said += text
            shown = SIGN_IN.search(said)
            if shown and not signed_in:
                signed_in = True
                async with httpx2.AsyncClient() as browser:
                    back = await browser.get(shown[0])
                code = parse_qs(urlsplit(back.headers["location"]).query)["code"][0]
                await process.stdin.send(f"{code}\n".encode())
        await process.wait()
    assert process.returncode is not None
    return process.returncode, said


def test_the_readme_shows_how_to_install_try_and_test() -> None:
    assert ("pip", "install", "corti-agentkit") in SHOWN
    assert ("make", "demo") in SHOWN
    assert ("make", "test") in SHOWN


def test_every_make_target_that_is_shown_exists() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([\w-]+):", makefile, re.MULTILINE))
    assert [words for words in _shown("make") if not set(words[1:]) <= targets] == []


@pytest.mark.parametrize("words", _shown("agentkit"), ids=" ".join)
def test_every_agentkit_command_that_is_shown_exists(words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    done = CliRunner().invoke(app, [*words[1:], "--help"])
    assert done.exit_code == 0, done.output
    options = [word.partition("=")[0] for word in words if word.startswith("--")]
    assert [option for option in options if option not in done.output] == []


DOCUMENT = """
```bash
make demo
```

<!-- run -->
```bash
A=1 agentkit serve all --port 0 \\
  --host 127.0.0.1 && echo "a && b" | cat
```

<!-- run while: agentkit serve all -->

```python
print("hi")
```

<!-- run against the stand-in -->
```python
print("ho")
```

<!-- not run: needs an account -->
```python
raise SystemExit(1)
```
```text
nothing
```
"""


async def test_a_served_block_sees_a_running_server_that_is_stopped_after_it(tmp_path: Path) -> None:
    server = tmp_path / "serve"
    server.write_text(
        "#!/bin/sh\ntrap 'touch stopped; exit 0' TERM\necho Ctrl-C stops.\nwhile :; do sleep 0.05; done\n",
        encoding="utf-8",
    )
    server.chmod(0o755)
    with anyio.fail_after(HANG):
        async with _serving((str(server),), tmp_path):
            assert not (tmp_path / "stopped").exists()
    assert (tmp_path / "stopped").exists()


async def test_a_server_that_does_not_start_fails_its_block(tmp_path: Path) -> None:
    with anyio.fail_after(HANG), pytest.raises(ExceptionGroup) as raised:
        async with _serving((sys.executable, "-c", "print('port in use')"), tmp_path):
            pytest.fail("the block ran without its server")
    assert raised.group_contains(AssertionError, match="port in use")


def test_blocks_are_found_with_their_way_of_testing(tmp_path: Path) -> None:
    document = tmp_path / "README.md"
    document.write_text(DOCUMENT, encoding="utf-8")
    blocks = read_blocks(document)
    assert [(block.language, block.runs, block.server, block.has_stand_in) for block in blocks] == [
        ("bash", False, None, False),
        ("bash", True, None, False),
        ("python", True, ("agentkit", "serve", "all"), False),
        ("python", True, None, True),
        ("python", False, None, False),
    ]
    assert str(blocks[0]) == "README.md:2"


def test_commands_are_found_behind_assignments_and_operators() -> None:
    source = 'A=1 agentkit serve all --port 0 \\\n  --host 127.0.0.1 && echo "a && b" | cat  # why\n'
    assert commands(source) == [
        ["agentkit", "serve", "all", "--port", "0", "--host", "127.0.0.1"],
        ["echo", "a && b"],
        ["cat"],
    ]
