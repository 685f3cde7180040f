"""What the database of an engine refuses, without the values that were to be stored."""

from __future__ import annotations

from typing import Final

from agentkit.errors import EngineError

_AWAY: Final = frozenset({"OperationalError", "InterfaceError", "TimeoutError", "ReadOnlySqlTransaction"})
"""Errors of the drivers, and of SQLAlchemy's pool, and what is derived from them."""


class DatabaseAway(EngineError):
    """The database cannot be used for the moment: it is away, locked, full, or may only be read."""


def refusal(error: Exception, database: str) -> EngineError:
    """An error of the driver as the engine raises it.

    Args:
        error: What was raised, by SQLAlchemy or the driver itself.
        database: Its name, without password.
    """
    cause = getattr(error, "orig", None) or error
    kind = type(cause).__name__
    away = any(one.__name__ in _AWAY for one in type(cause).__mro__) or getattr(error, "connection_invalidated", False)
    return (DatabaseAway if away else EngineError)(
        f"The durable engine's database {database} refused ({kind}).",
        remedy="Check that it can be reached and written to, and that it has space.",
    )
