"""What every request passes before an operation sees it: its version and its extensions."""

from __future__ import annotations

from collections.abc import Collection

from a2a.types import AgentCard
from a2a.utils.errors import ExtensionSupportRequiredError, VersionNotSupportedError

from agentkit.web.answer import Header
from agentkit.web.arrival import Arrived, asked_version


def version_of(request: Arrived) -> str | None:
    """The version that a request names; without any it is 0.3, and None for one that is no version."""
    return asked_version(request, absent="0.3")


def wrong_version(spoken: Collection[str]) -> VersionNotSupportedError:
    """The refusal of a version, with those that are spoken (A2A-VER-03, -06)."""
    known = " and ".join(spoken)
    return VersionNotSupportedError(f"This agent speaks A2A {known} here; name the version in the header A2A-Version")


class Extensions:
    """The extensions of a card against those a request names (A2A-EXT-01 to -03)."""

    def __init__(self, card: AgentCard) -> None:
        """Read the card once."""
        self._known = {extension.uri for extension in card.capabilities.extensions}
        self._required = {extension.uri for extension in card.capabilities.extensions if extension.required}

    def activate(self, request: Arrived) -> Header | None:
        """The header of the answer that names what both sides know; None for nothing.

        A2A 0.3 calls it `X-A2A-Extensions`; who asks by that name is answered by it.

        Raises:
            ExtensionSupportRequiredError: The request does not name a required one.
        """
        name = b"a2a-extensions"
        header = request.header(name)
        if header is None:
            name = b"x-a2a-extensions"
            header = request.header(name)
        if header is None and not self._required:
            return None
        named = list(dict.fromkeys(uri.strip() for uri in (header or "").split(",")))
        missing = sorted(self._required.difference(named))
        if missing:
            raise ExtensionSupportRequiredError(f"This agent requires the extension {missing[0]}")
        active = ", ".join(uri for uri in named if uri in self._known)
        return (name, active.encode("latin-1", "replace")) if active else None
