from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.js.node import RunNode

pytestmark = pytest.mark.anyio


async def test_cortis_sdk_loads_in_the_pinned_version(run_node: RunNode) -> None:
    result = await run_node("""
        import { readFileSync } from "node:fs";
        import { CortiClient } from "@corti/sdk";
        const { version } = JSON.parse(readFileSync("node_modules/@corti/sdk/package.json", "utf8"));
        console.log(JSON.stringify({ client: typeof CortiClient, version }));
    """)
    assert result.stderr == ""
    assert json.loads(result.stdout) == {"client": "function", "version": "1.0.0"}


async def test_a_script_sees_its_arguments_and_only_the_given_variables(run_node: RunNode, tmp_path: Path) -> None:
    source = "console.log(process.argv.at(-1), Object.keys(process.env).join());"
    assert (await run_node(source, "x", env={"TARGET": "y"})).stdout.split() == ["x", "TARGET"]
    script = tmp_path / "script.mjs"
    script.write_text(source, encoding="utf-8")
    assert (await run_node(script, "x", env={"TARGET": "y"})).stdout.split() == ["x", "TARGET"]


async def test_a_failing_script_reports_its_exit_code_and_error(run_node: RunNode) -> None:
    result = await run_node("throw new Error('no luck');")
    assert result.returncode == 1
    assert "no luck" in result.stderr


def test_the_lock_file_has_hashes_and_no_addresses() -> None:
    text = (Path(__file__).parent / "package-lock.json").read_text(encoding="utf-8")
    packages = {name: entry for name, entry in json.loads(text)["packages"].items() if name}
    assert packages
    assert all(entry["integrity"].startswith("sha512-") for entry in packages.values())
    assert "resolved" not in text
    assert "://" not in text
