"""Agents around an agent, each adding one thing: a limit, another try, another name, an ear.

- `wrapper`: what they have in common. The agent inside keeps its path, its artifacts, its questions and credentials.
- `timeout`, `budget`: limits; `retry`, `fallback`: what to do about a failure (`failures` says which); `rename`, `tap`.
"""

from agentkit.compose.wrappers.budget import Budget
from agentkit.compose.wrappers.failures import PASSING
from agentkit.compose.wrappers.fallback import Fallback
from agentkit.compose.wrappers.rename import Rename
from agentkit.compose.wrappers.retry import Retry
from agentkit.compose.wrappers.tap import Tap
from agentkit.compose.wrappers.timeout import Timeout
from agentkit.compose.wrappers.wrapper import Wrapper

__all__ = ["PASSING", "Budget", "Fallback", "Rename", "Retry", "Tap", "Timeout", "Wrapper"]
