"""The lazy names of the two rooms are there, and only they."""

from __future__ import annotations

import pytest

import agentkit.mcp
import agentkit.oauth


@pytest.mark.parametrize("room", [agentkit.mcp, agentkit.oauth])
def test_every_public_name_resolves_and_no_other_does(room: object) -> None:
    names: list[str] = getattr(room, "__all__")  # noqa: B009
    assert all(getattr(room, name) is not None for name in names)
    assert dir(room) == sorted(names)
    with pytest.raises(AttributeError, match="no_such_name"):
        getattr(room, "no_such_name")  # noqa: B009
