"""What an MCP server is made of: functions, their schemas, limits and errors."""
