"""Corti's v2 `agentic` API over the platform's services (section 14 of the API contract)."""
