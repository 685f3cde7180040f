"""A local platform that speaks Corti's wire: token endpoint, v1 API, orchestrator, memory."""

from agentkit.platform.app import create_platform
from agentkit.platform.settings import PlatformLimits, PlatformSettings

__all__ = ["PlatformLimits", "PlatformSettings", "create_platform"]
