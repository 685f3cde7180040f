"""Durable execution below compose: the seam and its implementations."""

from agentkit.engine.durable import RECOVERIES, DbosEngine
from agentkit.engine.erasing import erase_records
from agentkit.engine.inline import InlineEngine
from agentkit.engine.protocol import Effect, Engine, Found, LookUp, Runner, RunStatus, Work

__all__ = [
    "RECOVERIES",
    "DbosEngine",
    "Effect",
    "Engine",
    "Found",
    "InlineEngine",
    "LookUp",
    "RunStatus",
    "Runner",
    "Work",
    "erase_records",
]
