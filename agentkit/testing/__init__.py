"""Fakes and checks for your own tests: no socket, no cloud, no key.

- `platform`: the local platform in-process, with MCP servers beside it and a Corti client in front.
- `MovableClock`: a clock that a test moves.
- `ASGITransport`, `RoutedTransport`, `httpx_transport`: HTTP clients that call ASGI apps directly and stream.
- `installed_servers`: the installed MCP servers in-process.
- `running`: starts an app's lifespan for a block.
- `LeakWatch`, `watching`: tell where a secret was seen, and so where it was not.
- `ScriptedReasoner`: decides what the test wrote down.

```python
from agentkit import AgentSpec
from agentkit.testing import platform

async with platform() as local:
    agent = await local.corti.agents.create(AgentSpec(name="helper", description="Helps"))
    reply = await agent.send("What can you do?")
```

The pytest fixtures stand in `agentkit.testing.fixtures`. Names load when they are first used, because the platform
takes a second to import.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from agentkit.reasoning import ScriptedReasoner
    from agentkit.testing.asgi import ASGIApp, ASGITransport, RoutedTransport, httpx_transport, running
    from agentkit.testing.clock import MovableClock
    from agentkit.testing.installed import InstalledServers, installed_servers
    from agentkit.testing.leaks import LeakWatch, watching
    from agentkit.testing.local_platform import LocalPlatform, platform

__all__ = [
    "ASGIApp",
    "ASGITransport",
    "InstalledServers",
    "LeakWatch",
    "LocalPlatform",
    "MovableClock",
    "RoutedTransport",
    "ScriptedReasoner",
    "httpx_transport",
    "installed_servers",
    "platform",
    "running",
    "watching",
]

_MODULES = {
    "ASGIApp": "agentkit.testing.asgi",
    "ASGITransport": "agentkit.testing.asgi",
    "InstalledServers": "agentkit.testing.installed",
    "LeakWatch": "agentkit.testing.leaks",
    "LocalPlatform": "agentkit.testing.local_platform",
    "MovableClock": "agentkit.testing.clock",
    "RoutedTransport": "agentkit.testing.asgi",
    "ScriptedReasoner": "agentkit.reasoning",
    "httpx_transport": "agentkit.testing.asgi",
    "installed_servers": "agentkit.testing.installed",
    "platform": "agentkit.testing.local_platform",
    "running": "agentkit.testing.asgi",
    "watching": "agentkit.testing.leaks",
}


def __getattr__(name: str) -> object:
    module = _MODULES.get(name)
    if module is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value: object = getattr(import_module(module), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
