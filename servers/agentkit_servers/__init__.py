"""MCP servers that come with agentkit."""
