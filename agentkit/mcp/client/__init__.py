"""Call an MCP server, whatever it does."""
