"""The file of `agentkit serve platform --faults FILE`, as TOML.

```toml
seed = 7
allow_header = true

[[rules]]                       # a third of the messages is refused for a while
method = "POST"
route = "/agents/{agent}/v1/message:send"
probability = 0.33
status = 503
retry_after = 2

[[rules]]                       # every second token has a wrong signature
route = "*/protocol/openid-connect/token"
every = 2
token = "signature"
```
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final, cast

from agentkit.errors import ConfigurationError
from agentkit.platform.faults.fields import flag, make_fault, number, text, whole
from agentkit.platform.faults.rules import FaultRule, Faults

_RULE: Final[Mapping[str, Callable[[str, object], object]]] = {
    "method": text,
    "route": text,
    "probability": number,
    "every": whole,
    "skip": whole,
    "count": whole,
}
_TOP: Final = frozenset({"seed", "allow_header", "rules"})


def read_faults_file(path: Path) -> Faults:
    """Read a file of faults.

    Raises:
        ConfigurationError: The file cannot be read or does not fit; the error names table and key.
    """
    try:
        content: dict[str, object] = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):  # tomllib recurses, and knows no limit of digits
        raise ConfigurationError("--faults", "names no readable TOML file", remedy="Check path and syntax.") from None
    for key in sorted(content.keys() - _TOP):
        raise ConfigurationError(key, "is not known", remedy=f"Known are {', '.join(sorted(_TOP))}.")
    seed = whole("seed", content.get("seed", 0))
    allow_header = flag("allow_header", content.get("allow_header", False))
    rules = content.get("rules", [])
    if not isinstance(rules, list):
        raise ConfigurationError("rules", "must be written as [[rules]]")
    listed = cast("list[object]", rules)
    return Faults(tuple(_rule(f"rules[{number}]", rule) for number, rule in enumerate(listed)), allow_header, seed)


def _rule(place: str, value: object) -> FaultRule:
    if not isinstance(value, dict):
        raise ConfigurationError(place, "must be a table")
    table = cast("dict[str, object]", value)
    try:
        fault = make_fault({name: one for name, one in table.items() if name not in _RULE})
        told = {name: check(name, table[name]) for name, check in _RULE.items() if name in table}
        return FaultRule(fault, **told)  # pyright: ignore[reportArgumentType]
    except ConfigurationError as error:
        told = error.message.removeprefix(f"{error.setting}: ")
        raise ConfigurationError(f"{place}.{error.setting}", told, remedy=error.remedy) from None
