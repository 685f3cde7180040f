"""Experts and their tools, in brief for a person and as JSON for a program."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Protocol, cast

import typer

from agentkit.cli.plan_text import dumped
from agentkit.cli.text import one_line, plain

if TYPE_CHECKING:
    from agentkit.experts import Expert
    from agentkit.models import Json, JsonObject


class Tool(Protocol):
    """What is shown of a tool."""

    @property
    def name(self) -> str:
        """Its name."""
        ...

    @property
    def description(self) -> str | None:
        """What it does."""
        ...

    @property
    def input_schema(self) -> dict[str, object]:
        """What it takes."""
        ...


def show_list(experts: Mapping[str, Expert | str], *, as_json: bool) -> None:
    """Print the installed experts, or why one cannot be used."""
    if as_json:
        typer.echo(dumped([_entry(name, expert) for name, expert in experts.items()]))
        return
    if not experts:
        typer.echo("No experts are installed. One of your own is named as module:attribute.")
    width = max((len(name) for name in experts), default=0)
    for name, expert in experts.items():
        text = f"broken: {expert}" if isinstance(expert, str) else f"{_server(expert)}  {expert.description}"
        typer.echo(one_line(f"{name:<{width}}  {text}"))


def show_one(expert: Expert, tools: Sequence[Tool], *, as_json: bool) -> None:
    """Print an expert with its tools."""
    if as_json:
        shown: list[Json] = [
            {
                "name": tool.name,
                "description": tool.description,
                "input_schema": cast("JsonObject", tool.input_schema),
            }
            for tool in tools
        ]
        typer.echo(dumped({**_entry(expert.name, expert), "prompt": expert.prompt, "tools": shown}))
        return
    typer.echo(plain("\n".join(_lines(expert, tools))))


def _lines(expert: Expert, tools: Sequence[Tool]) -> Iterator[str]:
    yield expert.name
    yield f"  {one_line(expert.description)}"
    yield f"server  {_server(expert)}"
    yield "prompt" if expert.prompt else "prompt  left to the platform"
    for line in (expert.prompt or "").strip().splitlines():
        yield f"  | {line}"
    yield f"tools   {len(tools)}"
    for tool in tools:
        yield f"  {tool.name}({', '.join(_parameters(tool.input_schema))})"
        first = (tool.description or "").strip().partition("\n\n")[0]
        if first:
            yield f"      {one_line(first)}"


def _server(expert: Expert) -> str:
    return f"{expert.server_name} ({expert.authorization.value})"


def _entry(name: str, expert: Expert | str) -> JsonObject:
    if isinstance(expert, str):
        return {"name": name, "error": expert}
    return {
        "name": name,
        "description": expert.description,
        "server_name": expert.server_name,
        "authorization": expert.authorization.value,
    }


def _parameters(schema: Mapping[str, object]) -> Iterator[str]:
    required = schema.get("required")
    needed = cast("list[object]", required) if isinstance(required, list) else []
    for name, part in _object(schema.get("properties")).items():
        yield f"{name}{'' if name in needed else '?'}: {_type(part)}"


def _type(part: object) -> str:
    """A schema in a word or two; what it cannot say so is `any`."""
    schema = _object(part)
    if isinstance(choices := schema.get("enum"), list):
        return " | ".join(str(choice) for choice in cast("list[object]", choices))
    for key in ("anyOf", "oneOf"):
        if isinstance(options := schema.get(key), list):
            kinds = [_type(option) for option in cast("list[object]", options)]
            return " | ".join(dict.fromkeys(kind for kind in kinds if kind != "null"))
    if isinstance(reference := schema.get("$ref"), str):
        return reference.rpartition("/")[2]
    kind = schema.get("type")
    if kind == "array":
        return f"array of {_type(schema.get('items'))}"
    return kind if isinstance(kind, str) else "any"


def _object(value: object) -> dict[str, object]:
    return cast("dict[str, object]", value) if isinstance(value, dict) else {}
