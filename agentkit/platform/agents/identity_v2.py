"""Which of the connectors that an agent has an author of v2 means: it is the same while its spec is (V2-OBJ-09)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import cast

from agentkit.models import JsonObject
from agentkit.platform.agents.connector import Connector, InlineExpert
from agentkit.platform.agents.view_v2 import connector_shown
from agentkit.wire import v2


class Unclaimed:
    """The connectors of an agent that no part of a patch has claimed yet, found without looking through them all."""

    def __init__(self, connectors: Sequence[Connector]) -> None:
        """Offer connectors; of those that look alike the first is claimed first."""
        self._left = {one.id: one for one in connectors}
        self._alike: dict[str, list[str]] = {}
        for one in reversed(connectors):
            self._alike.setdefault(_key(form_of(one)), []).append(one.id)

    def sent_back(self, value: object) -> Connector | None:
        """The connector that a client repeats as it was shown: whatever became of what it refers to, it may stay."""
        return self._claim({"enabled": True, **cast("JsonObject", value)}) if isinstance(value, dict) else None

    def same(self, made: Connector) -> Connector:
        """The connector that v2 shows like a new one, else the new one."""
        return self._claim(form_of(made)) or made

    def inline(self, expert_id: str) -> InlineExpert | None:
        """An expert that v1 wrote into the agent, by its id."""
        found = self._left.get(expert_id)
        if not isinstance(found, InlineExpert):
            return None
        del self._left[expert_id]
        return found

    def _claim(self, form: JsonObject) -> Connector | None:
        alike = self._alike.get(_key(form), [])
        while alike:
            found = self._left.pop(alike.pop(), None)
            if found is not None:
                return found
        return None


def form_of(connector: Connector) -> JsonObject:
    """A connector as v2 shows it."""
    return v2.encode_connector(connector_shown(connector))


def _key(form: JsonObject) -> str:
    """The same for forms that are alike but for their ids."""
    return json.dumps({**form, "id": None}, sort_keys=True)
