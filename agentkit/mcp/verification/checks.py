"""The checks of an MCP server."""

from __future__ import annotations

from agentkit.mcp.verification.checking import CheckOf, GroupOf, LookOf, Problem, RunOf, Skip
from agentkit.mcp.verification.site import Site

__all__ = ["Check", "Group", "Look", "Problem", "Run", "Skip"]

Look = LookOf[Site]
"""Looks at a server; returns what is wrong with it."""

Check = CheckOf[Site]
"""One thing a server must, or should, be."""


class Group(GroupOf[Site]):
    """Collects the checks of one module."""


class Run(RunOf[Site]):
    """Runs checks of a server one after another, and keeps what they found."""
