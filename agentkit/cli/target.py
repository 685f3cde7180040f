"""What `module:attribute` names: an agent or a tool server of the user's own code (design, section 9)."""

from __future__ import annotations

import asyncio
import importlib
import inspect
import sys
import traceback
from collections.abc import Awaitable, Callable
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeGuard, cast

from agentkit.errors import AgentKitError, SpecError

if TYPE_CHECKING:
    from agentkit.compose import Agent
    from agentkit.mcp import ToolServer

ACCEPTED: Final = "an Agent, a ToolServer, or a function without arguments that makes one"


def load_target(target: str) -> Agent | ToolServer:
    """Import what `module:attribute` names, with the working directory first on the path.

    Args:
        target: For example `wards:server` or `chains:intake.agent`.

    Raises:
        SpecError: It cannot be imported, or is nothing that can be served; the error names what was found and what is
            accepted.
    """
    module_name, _, attribute = target.partition(":")
    if not module_name or not attribute:
        raise SpecError(target, "must be of the form module:attribute")
    folder = str(Path.cwd())
    if folder not in sys.path:
        sys.path.insert(0, folder)
    try:
        found: object = attrgetter(attribute)(importlib.import_module(module_name))
    except AgentKitError:
        raise
    except ModuleNotFoundError as error:
        missing = error.name or module_name
        raise SpecError(
            target, f"the module {missing} cannot be found", remedy="Check the working directory."
        ) from None
    except AttributeError:
        raise SpecError(target, f"the module {module_name} has no {attribute}") from None
    except Exception as error:
        raise _failed(target, error) from error
    return _servable(target, found)


def place_of(error: BaseException) -> str:
    """The file and line an exception comes from: the last one in the working directory, else the last one."""
    if isinstance(error, SyntaxError) and error.filename:
        return f"{Path(error.filename).name}:{error.lineno}"
    trace = traceback.extract_tb(error.__traceback__)
    if not trace:
        return "an unknown place"
    own = [frame for frame in trace if Path(frame.filename).is_relative_to(Path.cwd())]
    frame = (own or trace)[-1]
    return f"{Path(frame.filename).name}:{frame.lineno}"


def _failed(target: str, error: Exception) -> SpecError:
    """What the user's code raised, by its kind and place; its text may hold anything."""
    problem = f"cannot be loaded: {type(error).__name__} at {place_of(error)}"
    return SpecError(target, problem, remedy="Set AGENTKIT_LOG_LEVEL=debug to see the traceback.")


def is_agent(value: object) -> TypeGuard[Agent]:
    """Whether a value has what the `Agent` protocol asks for."""
    return all(callable(getattr(value, name, None)) for name in ("run", "cancel")) and all(
        isinstance(getattr(value, name, None), str) for name in ("name", "description")
    )


def _servable(target: str, found: object) -> Agent | ToolServer:
    from agentkit.mcp import ToolServer

    if callable(found) and not is_agent(found) and not inspect.isclass(found) and _takes_nothing(found):
        found = _made(target, found)
    if isinstance(found, ToolServer) or is_agent(found):
        return found
    raise SpecError(target, f"is a {type(found).__name__}; it must be {ACCEPTED}")


def _made(target: str, factory: Callable[[], object]) -> object:
    try:
        made = factory()
        return asyncio.run(_awaited(cast("Awaitable[object]", made))) if inspect.isawaitable(made) else made
    except AgentKitError:
        raise
    except Exception as error:
        raise _failed(target, error) from error


def _takes_nothing(function: object) -> TypeGuard[Callable[[], object]]:
    try:
        parameters = inspect.signature(cast("type[object]", function)).parameters.values()
    except (TypeError, ValueError):
        return False
    return all(parameter.default is not parameter.empty for parameter in parameters)


async def _awaited(value: Awaitable[object]) -> object:
    return await value
