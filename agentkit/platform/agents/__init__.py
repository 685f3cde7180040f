"""Agents: what the platform keeps of them, and the experts on offer."""
