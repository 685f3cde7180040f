"""What all agents of a platform work with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from agentkit.memory import ContextMemory
from agentkit.platform.orchestration.interview import Interviews
from agentkit.platform.orchestration.planner import Planner
from agentkit.platform.settings import PlatformLimits
from agentkit.platform.tools.connections import Connections
from agentkit.platform.tools.registration import Registrations
from agentkit.platform.tools.remotes import Remotes
from agentkit.platform.traces import Traces
from agentkit.reasoning import Reasoner


@dataclass(frozen=True, slots=True)
class Workshop:
    """What all orchestrators of a platform share.

    Attributes:
        durable: Turns survive the process.
        clock: The time, for what the agents say.
    """

    planner: Planner
    memory: ContextMemory
    registrations: Registrations
    connections: Connections
    remotes: Remotes
    reasoner: Reasoner
    limits: PlatformLimits
    interviews: Interviews
    clock: Callable[[], datetime]
    traces: Traces
    durable: bool = False
