"""Experts and servers that are installed, found by entry point: the door the bundled ones use too.

Nothing is imported until it is loaded by name, so listing names is cheap and one broken package hides no other.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import TYPE_CHECKING, Final, cast

from agentkit.errors import AgentKitError, SpecError
from agentkit.experts.expert import Expert
from agentkit.specs import Authorization

if TYPE_CHECKING:
    from agentkit.mcp import ToolServer

EXPERTS: Final = "agentkit.experts"
"""Entry point group of experts; each names an `Expert`."""

SERVERS: Final = "agentkit.servers"
"""Entry point group of servers; each names a function `build_server(database=None)`."""

ServerBuilder = Callable[[str | None], "ToolServer"]
"""Makes a server over a database; None is the embedded default."""


def find_experts() -> Mapping[str, EntryPoint]:
    """The installed experts by name, in alphabetical order, not loaded."""
    return _find(EXPERTS)


def find_servers() -> Mapping[str, EntryPoint]:
    """The installed servers by name, in alphabetical order, not loaded."""
    return _find(SERVERS)


def load_expert(name: str) -> Expert:
    """Load an installed expert.

    Raises:
        SpecError: There is none of that name, or what the package offers is not an expert.
    """
    loaded = _load(EXPERTS, name)
    if not isinstance(loaded, Expert):
        remedy = "Let the entry point name an object: Expert(name, description=..., prompt=..., server=...)."
        raise SpecError(f"{EXPERTS}.{name}", f"is a {type(loaded).__name__}; it must be an Expert", remedy=remedy)
    return loaded


def load_server(name: str) -> ServerBuilder:
    """Load the builder of an installed server.

    Raises:
        SpecError: There is none of that name, or what the package offers cannot be called.
    """
    loaded = _load(SERVERS, name)
    if not callable(loaded):
        raise SpecError(
            f"{SERVERS}.{name}", f"is a {type(loaded).__name__}; it must be a function that builds a server"
        )
    return cast("ServerBuilder", loaded)


def default_authorizations() -> Mapping[str, Authorization]:
    """How installed servers are authorized, as the installed experts say that use them."""
    found: dict[str, Authorization] = {}
    for expert in _usable_experts():
        if expert.installed_server is not None:
            found.setdefault(expert.installed_server, expert.authorization)
    return found


def experts_with_functions() -> Iterator[Expert]:
    """The installed experts that have tools of their own, to be served beside the installed servers."""
    taken = set(find_servers())
    for expert in _usable_experts():
        if expert.installed_server is None and expert.server_name not in taken:
            taken.add(expert.server_name)
            yield expert


def _usable_experts() -> Iterator[Expert]:
    for name in find_experts():
        try:
            yield load_expert(name)
        except AgentKitError:  # another package's expert hides no others; `agentkit doctor` reports it
            continue


def _find(group: str) -> Mapping[str, EntryPoint]:
    return dict(_found(entry_points, group, tuple(_places())))


@lru_cache(maxsize=8)
def _found(
    look: Callable[..., Iterable[EntryPoint]], group: str, _as_of: tuple[tuple[str, int], ...]
) -> Mapping[str, EntryPoint]:
    """What is found where nothing was installed since: to look opens a file of every installed package."""
    return {point.name: point for point in sorted(look(group=group), key=lambda point: point.name)}


def _places() -> Iterator[tuple[str, int]]:
    """Where packages are installed, and when the last one was."""
    for place in sys.path:
        try:
            yield place, Path(place).stat().st_mtime_ns
        except OSError:
            continue


def _load(group: str, name: str) -> object:
    found = _find(group)
    if name not in found:
        known = ", ".join(found) or "none is installed"
        raise SpecError(f"{group}.{name}", "is not installed", remedy=f"Known: {known}.")
    try:
        loaded: object = found[name].load()
    except (ImportError, AttributeError) as error:
        raise SpecError(f"{group}.{name}", f"cannot be imported ({type(error).__name__})") from error
    return loaded
