"""Is an A2A endpoint fit to be attached to a Corti agent? Checks as data, and a report for people and programs.

`verify_endpoint` runs them; the report and what a check is are those of `agentkit.mcp.verification`.
"""

from agentkit.a2a.verification.endpoint import EndpointThresholds
from agentkit.a2a.verification.verify import CHECKS, verify_endpoint

__all__ = ["CHECKS", "EndpointThresholds", "verify_endpoint"]
