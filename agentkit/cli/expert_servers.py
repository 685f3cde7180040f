"""The MCP server of an expert: its own functions, or an installed one."""

from __future__ import annotations

from agentkit.cli.data import database as default_database
from agentkit.errors import ConfigurationError
from agentkit.experts import Expert, load_server
from agentkit.mcp import ToolServer


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
