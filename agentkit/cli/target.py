"""What of the user's own code can be served: what `module:attribute` names, or an object (design, section 9)."""

from __future__ import annotations

import asyncio
import importlib
import inspect
import sys
import traceback
from collections.abc import Awaitable, Callable, Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass, replace
from operator import attrgetter
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Final, TypeGuard, cast

from agentkit.errors import AgentKitError, SpecError

if TYPE_CHECKING:
    from agentkit.a2a import HostedAgent
    from agentkit.compose import Agent
    from agentkit.experts import Expert
    from agentkit.mcp import ToolServer

_OF_AGENTS: Final = ("name", "description", "skills", "run", "cancel")
ACCEPTED: Final = "an Agent, an Expert, a ToolServer or an MCPServer of the MCP SDK"


@dataclass(frozen=True, slots=True)
class AgentGroup:
    """Agents that are served together.

    Attributes:
        name: What their database is called by default.
        members: The agents.
    """

    name: str
    members: tuple[Agent | HostedAgent, ...]


def load_target(target: str) -> Agent | AgentGroup | Expert | ToolServer:
    """Import what `module:attribute` names, with the working directory first on the path.

    What the module prints goes to stderr: stdout is the command's, which may write JSON.

    Args:
        target: For example `wards:server` or `chains:intake.agent`.

    Raises:
        SpecError: It cannot be imported, or is nothing that can be served; the error names what was found and what is
            accepted.
    """
    module_name, _, attribute = target.partition(":")
    if not module_name or not attribute:
        raise SpecError(target, "must be of the form module:attribute")
    if "/" in module_name or "\\" in module_name or module_name.endswith(".py"):
        name = PurePath(module_name.replace("\\", "/")).name.removesuffix(".py")
        remedy = f"Name the module, for example {name}:{attribute}, in the folder that it lies in."
        raise SpecError(target, "names a file", remedy=remedy)
    folder = str(Path.cwd())
    if folder not in sys.path:
        sys.path.insert(0, folder)
    with redirect_stdout(sys.stderr):
        found = _made_servable(target, _found(target, module_name, attribute))
    if isinstance(found, AgentGroup) and len(found.members) > 1:
        return replace(found, name=f"{module_name}.{attribute}")
    return found


def _found(target: str, module_name: str, attribute: str) -> object:
    try:
        return attrgetter(attribute)(importlib.import_module(module_name))
    except AgentKitError:
        raise
    except ModuleNotFoundError as error:
        missing = error.name or module_name
        is_target = module_name == missing or module_name.startswith(f"{missing}.")
        here = f"It is looked for in the working directory, {Path.cwd()}, and among what is installed."
        remedy = here if is_target else f"{module_name} imports it: install it in this environment."
        raise SpecError(target, f"the module {missing} cannot be found", remedy=remedy) from None
    except AttributeError:
        raise SpecError(target, f"the module {module_name} has no {attribute}") from None
    except (Exception, SystemExit) as error:  # its exit code would be taken for the command's
        raise _failed(target, error) from error


def place_of(error: BaseException) -> str:
    """The file and line an exception comes from: the last one in the working directory, else the last one."""
    if isinstance(error, SyntaxError) and error.filename:
        return f"{Path(error.filename).name}:{error.lineno}"
    trace = traceback.extract_tb(error.__traceback__)
    if not trace:
        return "an unknown place"
    frame = (_own_frames(error) or trace)[-1]
    return f"{Path(frame.filename).name}:{frame.lineno}"


def comes_from_here(error: BaseException) -> bool:
    """Whether code in the working directory, which is the user's own, had a part in an exception."""
    return bool(_own_frames(error))


def _own_frames(error: BaseException) -> list[traceback.FrameSummary]:
    trace, here = traceback.extract_tb(error.__traceback__), Path.cwd()
    return [frame for frame in trace if _is_below(Path(frame.filename), here)]


def _is_below(file: Path, folder: Path) -> bool:
    """The file lies there, and not in an environment with installed packages that lies there too."""
    return file.is_relative_to(folder) and not {"site-packages", "dist-packages"} & set(file.parts)


def _failed(target: str, error: BaseException) -> SpecError:
    """What the user's code raised, by its kind and place; its text may hold anything."""
    problem = f"cannot be loaded: {type(error).__name__} at {place_of(error)}"
    return SpecError(target, problem, remedy="Set AGENTKIT_LOG_LEVEL=debug to see the traceback.")


def is_agent(value: object) -> TypeGuard[Agent]:
    """Whether a value has what the `Agent` protocol asks for."""
    return not _lacking(value)


def _lacking(value: object) -> list[str]:
    """What the `Agent` protocol asks for and a value does not have."""
    kinds = {"name": str, "description": str, "skills": Sequence}
    has = {name: getattr(value, name, None) for name in _OF_AGENTS}
    return [name for name, one in has.items() if not (isinstance(one, kinds[name]) if name in kinds else callable(one))]


def servable(name: str, found: object) -> Agent | AgentGroup | Expert | ToolServer:
    """What can be served, as it is served: an MCP server of the SDK becomes a `ToolServer`.

    Args:
        name: Names the object in the error.
        found: The object.

    Raises:
        SpecError: It is something else; the error names its type and those accepted.
    """
    from agentkit.experts import Expert
    from agentkit.mcp import ToolServer, adopt

    if isinstance(found, Expert | ToolServer) or is_agent(found):
        return found
    if (group := _group(found)) is not None:
        return group
    if (adopted := adopt(found)) is not None:
        return adopted
    raise SpecError(name, f"is {_kind(found)}; it must be {ACCEPTED}", remedy=_remedy(found))


def _group(found: object) -> AgentGroup | None:
    """Agents in a list or tuple, or one with what its card says beside; None for anything else."""
    members = tuple(cast("Sequence[object]", found)) if isinstance(found, list | tuple) else (found,)
    if not members or not all(is_agent(one) or _is_hosted(one) for one in members):
        return None
    name: str = "agents" if isinstance(found, list | tuple) else attrgetter("agent.name")(found)
    return AgentGroup(name, cast("tuple[Agent | HostedAgent, ...]", members))


def _is_hosted(value: object) -> bool:
    """Whether a value is a `HostedAgent` of an agent; where nobody has imported the class, none can be."""
    module = sys.modules.get("agentkit.a2a.hosted")
    return module is not None and isinstance(value, module.HostedAgent) and is_agent(getattr(value, "agent", None))


def _made_servable(target: str, found: object) -> Agent | AgentGroup | Expert | ToolServer:
    if not callable(found) or is_agent(found) or inspect.isclass(found) or not _takes_nothing(found):
        return servable(target, found)
    made = _made(target, found)
    return servable(f"what {target} makes", made)


def _kind(found: object) -> str:
    if found in ([], ()):
        return f"an empty {type(found).__name__}"
    return f"the class {found.__name__}" if inspect.isclass(found) else f"a {type(found).__name__}"


def _remedy(found: object) -> str:
    if isinstance(found, list | tuple):
        return _remedy_of_group(cast("Sequence[object]", found))
    if inspect.isclass(found):
        return "Name an object of it, or a function without arguments that makes one."
    if callable(getattr(found, "run", None)):
        return f"An Agent has {', '.join(_OF_AGENTS)}; this one lacks {', '.join(_lacking(found))}."
    if inspect.isroutine(found):
        wrapped = f"FunctionAgent({found.__name__})"
        return f"A function that makes one must do without arguments; a function that answers is wrapped: {wrapped}."
    if callable(found):
        return "What makes one must do without arguments."
    return "A function without arguments that makes one is accepted too."


def _remedy_of_group(found: Sequence[object]) -> str:
    wrong = [(index, one) for index, one in enumerate(found) if not (is_agent(one) or _is_hosted(one))]
    if not wrong:
        return "A list holds at least one agent."
    index, one = wrong[0]
    if inspect.isroutine(one):
        return f"Item {index} of it is a function: wrap it, FunctionAgent({one.__name__})."
    return f"A list holds agents alone. Item {index} of it is {_kind(one)}."


def _made(target: str, factory: Callable[[], object]) -> object:
    try:
        made = factory()
        return asyncio.run(_awaited(cast("Awaitable[object]", made))) if inspect.isawaitable(made) else made
    except AgentKitError:
        raise
    except (Exception, SystemExit) as error:
        raise _failed(target, error) from error


def _takes_nothing(function: object) -> TypeGuard[Callable[[], object]]:
    try:
        parameters = inspect.signature(cast("type[object]", function)).parameters.values()
    except (TypeError, ValueError):
        return False
    return all(parameter.default is not parameter.empty for parameter in parameters)


async def _awaited(value: Awaitable[object]) -> object:
    return await value
