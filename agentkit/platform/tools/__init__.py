"""The MCP servers of a context: what opens them, and the connections to them (section 10 of the API contract)."""
