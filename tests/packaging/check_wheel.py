"""Builds sdist and wheel, checks what they hold, and uses the wheel in an empty environment.

The wheel is built from the sdist, so the sdist is complete. Run by `make package`; exits non-zero with one line that
says what is wrong.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = {
    "agentkit": ROOT / "agentkit",
    "agentkit_experts": ROOT / "experts" / "agentkit_experts",
    "agentkit_servers": ROOT / "servers" / "agentkit_servers",
}
IN_THE_SDIST = ("LICENSE", "CHANGELOG.md", "README.md", "Makefile", "requirements.lock", "requirements-dev.lock")
LEFTOVERS = ("node_modules", "__pycache__", ".venv", ".env")


def run(*command: str | Path, cwd: Path) -> str:
    """Run a command and return its output; a failure ends the check with that output."""
    environment = {name: value for name, value in os.environ.items() if name not in {"PYTHONPATH", "VIRTUAL_ENV"}}
    done = subprocess.run(
        [str(part) for part in command], cwd=cwd, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        sys.exit(f"{' '.join(map(str, command))} failed:\n{done.stdout}{done.stderr}")
    return done.stdout


def require(holds: bool, complaint: str) -> None:
    """End the check with the complaint unless it holds."""
    if not holds:
        sys.exit(f"packaging: {complaint}")


def committed_files() -> set[str]:
    """What a wheel must hold: every file of the three packages that git does not ignore, as `package/path`."""
    expected: set[str] = set()
    for name, folder in PACKAGES.items():
        listed = run("git", "ls-files", "--cached", "--others", "--exclude-standard", "-z", ".", cwd=folder)
        expected.update(f"{name}/{path}" for path in listed.split("\0") if path and (folder / path).exists())
    return expected


def check_sdist(sdist: Path) -> None:
    """The sdist holds the documents and the tests, and no leftovers."""
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    missing = [name for name in (*IN_THE_SDIST, "tests/conftest.py", "tests/js/package-lock.json") if name not in names]
    require(not missing, f"the sdist lacks {missing}")
    leftovers = [name for name in names if any(part in LEFTOVERS for part in name.split("/"))]
    require(not leftovers, f"the sdist holds {leftovers[:5]}")


def check_wheel(wheel: Path) -> None:
    """The wheel holds every file of the three packages, and nothing but them and its metadata."""
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        metadata = archive.read(next(name for name in names if name.endswith(".dist-info/METADATA"))).decode()
    own = {name for name in names if ".dist-info/" not in name}
    expected = committed_files()
    require(own == expected, f"the wheel lacks {sorted(expected - own)[:5]} and has extra {sorted(own - expected)[:5]}")
    require("\nLicense-Expression: MIT\n" in metadata, "the metadata name no MIT licence")
    require(any(name.endswith("/licenses/LICENSE") for name in names), "the wheel holds no LICENSE")
    for name in PACKAGES:
        require(f"{name}/py.typed" in names, f"{name} has no py.typed")


OF_EXTRAS = {
    "agentkit.a2a.grpc_calls",
    "agentkit.engine.dbos_rows",
    "agentkit.engine.dbos_store",
    "agentkit.memory.minilm.encoder",
    "agentkit.memory.minilm.files",
    "agentkit.memory.vectors",
    "agentkit.platform.traces.collector",
    "agentkit.reasoning.llm.conversation",
    "agentkit.reasoning.llm.failures",
    "agentkit.storage.listening",
    "agentkit.storage.postgres",
    "agentkit.testing.fixtures",
}
"""Modules that are there for an extra, or for pytest, only; the others import them when they need them."""

IMPORTS = """
import importlib, pkgutil, sys
for name in sys.argv[1:]:
    package = importlib.import_module(name)
    assert "empty" in package.__file__, package.__file__
    for module in pkgutil.walk_packages(package.__path__, name + "."):
        try:
            importlib.import_module(module.name)
        except ModuleNotFoundError as error:
            known = {"dbos", "grpc", "numpy", "opentelemetry.sdk", "psycopg", "pydantic_ai", "pytest", "sqlalchemy"}
            assert {error.name, error.name.partition(".")[0]} & known, error
            print(module.name)
"""


def use_wheel(wheel: Path, folder: Path) -> None:
    """Install the wheel with the pinned runtime into a new environment, import all of it and call the command."""
    environment = folder / "empty"
    bin_dir = environment / ("Scripts" if os.name == "nt" else "bin")
    uv = Path(sys.executable).parent / "uv"
    run(uv, "venv", "--quiet", "--python", sys.executable, environment, cwd=folder)
    install = (uv, "pip", "install", "--quiet", "--python", environment, "--no-deps")
    run(*install, "--require-hashes", "--requirement", ROOT / "requirements.lock", cwd=folder)
    run(*install, wheel, cwd=folder)
    run(uv, "pip", "check", "--quiet", "--python", environment, cwd=folder)
    missing = run(bin_dir / "python", "-W", "error", "-c", IMPORTS, *PACKAGES, cwd=folder)
    require(set(missing.split()) == OF_EXTRAS, f"in an environment without extras these do not import:\n{missing}")
    help_text = run(bin_dir / "agentkit", "--help", cwd=folder)
    require("demo" in help_text, f"`agentkit --help` does not offer the demo:\n{help_text}")


def main() -> None:
    """Build, check, use."""
    with tempfile.TemporaryDirectory() as folder_name:
        folder = Path(folder_name)
        run(sys.executable, "-m", "build", "--no-isolation", "--outdir", folder, ROOT, cwd=folder)
        (sdist,) = folder.glob("*.tar.gz")
        (wheel,) = folder.glob("*.whl")
        check_sdist(sdist)
        check_wheel(wheel)
        use_wheel(wheel, folder)
        print(f"packaging: {wheel.name} and {sdist.name} are complete; the wheel works in an empty environment")


if __name__ == "__main__":
    main()
