"""The command line: `agentkit`.

Nothing is imported here but what every failure needs, so that a Ctrl-C while the rest loads is silent too.
"""

from __future__ import annotations

import io
import os
import sys


def main() -> None:
    """Run the command line: 0 done, 1 failed with one line that says what to do, 2 misused, 130 interrupted."""
    try:
        problem = _run()
    except KeyboardInterrupt:
        sys.exit(130)
    from agentkit.cli.text import one_line

    print(f"error: {one_line(problem)}", file=sys.stderr)  # noqa: T201
    sys.exit(1)


def _run() -> str:
    """Run a command, which leaves by `SystemExit`; what is returned is why it could not."""
    from agentkit.errors import AgentKitError

    for stream in (sys.stdin, sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal of another encoding shows other signs, and goes on
    try:
        _show_logs()
        from agentkit.cli.commands import app

        try:
            app()
        finally:
            if sys.stdout is not None:  # pyright: ignore[reportUnnecessaryComparison] - None where it was closed
                sys.stdout.flush()
    except AgentKitError as error:
        _log(error)
        return str(error)
    except OSError as error:
        _log(error)
        _abandon_output()
        path = f" ({error.filename})" if error.filename else ""
        return f"{error.strerror or type(error).__name__}{path}. Check the path, its permissions and the space left."
    except Exception as error:
        from agentkit.cli.target import comes_from_here, place_of

        _log(error)
        if comes_from_here(error):
            return f"{type(error).__name__} at {place_of(error)}. AGENTKIT_LOG_LEVEL=debug shows the traceback."
        return (
            f"{type(error).__name__} at {place_of(error)}, a defect. "
            "Please report it with what AGENTKIT_LOG_LEVEL=debug shows."
        )
    return "The command ended without an answer."


def _show_logs() -> None:
    """Show what the library logs, from the level that `AGENTKIT_LOG_LEVEL` names on.

    Raises:
        ConfigurationError: There is no such level.
    """
    level = os.environ.get("AGENTKIT_LOG_LEVEL", "").strip().upper()
    if not level:
        return
    import logging

    from agentkit.errors import ConfigurationError

    known = logging.getLevelNamesMapping()
    if level not in known:
        raise ConfigurationError(
            "AGENTKIT_LOG_LEVEL", "is no level", remedy="Known are DEBUG, INFO, WARNING and ERROR."
        )
    logging.basicConfig(level=known[level], format="%(asctime)s %(levelname)s %(name)s: %(message)s")


def _log(error: Exception) -> None:
    import logging

    logging.getLogger("agentkit.cli").debug("the command failed", exc_info=error)


def _abandon_output() -> None:
    """What could not be written shall not be tried again when Python ends."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
