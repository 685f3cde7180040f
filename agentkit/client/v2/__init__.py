"""The endpoints of the v2 `agentic` API as operations (section 14 of the API contract)."""
