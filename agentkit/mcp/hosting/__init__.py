"""MCP servers in an app or on stdio, and who may call them."""
