"""Is a server fit to be a Corti expert's? Checks as data, and a report for people and programs.

`verify_server` runs them; see `report` for what comes out and `checks` for what a check is.
"""

from agentkit.mcp.verification.report import Finding, Verdict, VerificationReport
from agentkit.mcp.verification.site import Thresholds
from agentkit.mcp.verification.verify import CHECKS, verify_server

__all__ = ["CHECKS", "Finding", "Thresholds", "Verdict", "VerificationReport", "verify_server"]
