"""The lazy names of the two rooms are there, and only they."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

import agentkit.mcp
import agentkit.oauth

NOT_FOR_CALLERS = {"HostedApp.__init__", "ToolServer.mcp"}
"""`host` makes the app; to callers the server underneath is one of the SDK's."""


@pytest.mark.parametrize("room", [agentkit.mcp, agentkit.oauth])
def test_every_public_name_resolves_and_no_other_does(room: object) -> None:
    names: list[str] = getattr(room, "__all__")  # noqa: B009
    assert all(getattr(room, name) is not None for name in names)
    assert dir(room) == sorted(names)
    with pytest.raises(AttributeError, match="no_such_name"):
        getattr(room, "no_such_name")  # noqa: B009


@pytest.mark.parametrize("room", [agentkit.mcp, agentkit.oauth])
def test_what_a_public_signature_names_of_the_room_can_be_imported_from_it(room: ModuleType) -> None:
    public: list[str] = getattr(room, "__all__")  # noqa: B009
    folder = Path(inspect.getfile(room)).parent
    own = {name for file in folder.rglob("*.py") for name in _defined(file.read_text(encoding="utf-8"))}
    missing = {
        f"{place}: {word}"
        for name in public
        for place, annotation in _annotations(name, getattr(room, name))
        for word in re.findall(r"\w+", annotation)
        if word in own and word not in public and place not in NOT_FOR_CALLERS
    }
    assert missing == set()


def _defined(source: str) -> Iterator[str]:
    """The classes and types of a module."""
    for node in ast.parse(source).body:
        match node:
            case ast.ClassDef(name=name):
                yield name
            case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
                if not name.isupper():
                    yield name
            case _:
                pass


def _annotations(name: str, thing: object) -> Iterator[tuple[str, str]]:
    members = {name: thing}
    if isinstance(thing, type) and thing.__module__.startswith("agentkit."):
        members |= {
            f"{name}.{key}": value for key, value in vars(thing).items() if key == "__init__" or not key.startswith("_")
        }
    for place, member in members.items():
        made = member.fget if isinstance(member, property) else getattr(member, "__func__", member)
        for key, annotation in getattr(made, "__annotations__", {}).items():
            if not key.startswith("_"):
                yield place, str(annotation)
