"""The MCP servers of experts: of those with functions, and of those that use an installed server."""

from __future__ import annotations

from collections.abc import Iterator

from agentkit.cli.data import database as default_database
from agentkit.errors import AgentKitError, ConfigurationError
from agentkit.experts import Expert, find_experts, find_servers, load_expert, load_server
from agentkit.mcp import ToolServer


def with_functions() -> Iterator[Expert]:
    """The installed experts that have tools of their own: the platform offers them beside the others."""
    taken = set(find_servers())
    for name in find_experts():
        try:
            expert = load_expert(name)
        except AgentKitError:  # another package's expert; `agentkit doctor` reports it
            continue
        if expert.installed_server is None and expert.server_name not in taken:
            taken.add(expert.server_name)
            yield expert


def server_of(expert: Expert, database: str | None) -> ToolServer:
    """The MCP server of an expert; an installed one keeps its data in a database.

    Raises:
        SpecError: It has no tools, or its server is not installed.
        ConfigurationError: A database was given for functions, which have none of ours.
    """
    if expert.installed_server is not None:
        return load_server(expert.installed_server)(default_database(expert.installed_server, database))
    if database:
        raise ConfigurationError("--database", "is for installed servers", remedy="Leave it out.")
    return expert.server
