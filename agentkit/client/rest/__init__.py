"""Calls of the REST API beside agents, as data (section 19)."""
