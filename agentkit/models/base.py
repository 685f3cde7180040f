"""The common ground of all neutral types."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pydantic import BaseModel, ConfigDict, JsonValue

Json = JsonValue
"""Any JSON value."""

JsonObject = dict[str, JsonValue]
"""A JSON object."""


class Model(BaseModel):
    """Immutable, keeps fields it does not know, and shows no content in its repr.

    What a message says may be patient data, so `repr()` (and with it tracebacks, logs and debuggers) shows ids, states
    and sizes only. Read the content through the attributes.
    """

    model_config = ConfigDict(frozen=True, extra="allow", hide_input_in_errors=True, defer_build=True)

    def __repr_args__(self) -> Iterator[tuple[str | None, object]]:
        """Ids, states and sizes."""
        for name in type(self).model_fields:
            value: object = getattr(self, name)
            if value is None or value == () or value == {}:
                continue
            yield name, value if _is_plain(name, value) else Size(value)

    def __str__(self) -> str:
        """The same as `repr()`."""
        return repr(self)

    @property
    def unknown_fields(self) -> Mapping[str, Json]:
        """Fields of the wire that this version of agentkit does not know."""
        return self.__pydantic_extra__ or {}


class Size:
    """Stands for a value in a repr: says how large it is, not what it is."""

    def __init__(self, value: object) -> None:
        """Measure the value; it is not kept."""
        self._text = _size(value)

    def __repr__(self) -> str:
        """For example `<34 chars>`."""
        return self._text


def _is_plain(name: str, value: object) -> bool:
    if name == "id" or name.endswith(("_id", "_ids")) or isinstance(value, Model | bool | int | float):
        return True
    if isinstance(value, tuple):
        return all(isinstance(item, Model) for item in value)  # pyright: ignore[reportUnknownVariableType]
    return name in {"role", "state", "kind", "timestamp", "type"}


def _size(value: object) -> str:
    match value:
        case str() | bytes():
            return f"<{len(value)} chars>"
        case Mapping():
            return f"<{len(value)} fields>"  # pyright: ignore[reportUnknownArgumentType]
        case list() | tuple():
            return f"<{len(value)} items>"  # pyright: ignore[reportUnknownArgumentType]
        case _:
            return f"<{type(value).__name__}>"
