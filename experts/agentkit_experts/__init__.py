"""Experts that come with agentkit, each a spec with its prompt and scenarios."""
