"""The header by which a request asks for a fault of its own.

`X-Agentkit-Fault: status=503; retry-after=2`, `X-Agentkit-Fault: latency=1.5; drop`: the names of `Fault`, with
hyphens or underscores; one without a value is switched on.
"""

from __future__ import annotations

import re
from typing import Final

from agentkit.errors import ConfigurationError
from agentkit.platform.faults.fields import make_fault
from agentkit.platform.faults.rules import Fault

HEADER: Final = "x-agentkit-fault"

_LONGEST: Final = 500
_WHOLE: Final = re.compile(r"-?[0-9]{1,12}")
_DECIMAL: Final = re.compile(r"[0-9]{1,6}\.[0-9]{1,6}")


def read_fault(text: str) -> Fault:
    """The fault that a header asks for.

    Raises:
        ConfigurationError: It does not fit; the error names the field, not its value.
    """
    if len(text) > _LONGEST:
        raise ConfigurationError("fault", f"is longer than {_LONGEST} characters")
    values: dict[str, object] = {}
    for piece in text.split(";"):
        name, has_value, value = piece.partition("=")
        name = name.strip().lower().replace("-", "_")
        if name in values:
            raise ConfigurationError(name if name.isidentifier() else "fault", "is given twice")
        values[name] = _plain(name, value.strip()) if has_value else True
    return make_fault(values)


def _plain(name: str, text: str) -> object:
    if name == "retry_after":
        return text
    if _WHOLE.fullmatch(text):
        return int(text)
    if _DECIMAL.fullmatch(text):
        return float(text)
    return {"true": True, "false": False}.get(text, text)
