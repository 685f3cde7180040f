"""The root of all errors, and those of no room in particular."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

_REFUSALS: Final[Mapping[str, tuple[int, str]]] = MappingProxyType(
    {
        "size": (413, "payload_too_large"),
        "slow": (408, "request_timeout"),
        "media-type": (415, "unsupported_media_type"),
    }
)


class AgentKitError(Exception):
    """Root of all errors of this library.

    Attributes:
        message: What went wrong, without secrets or patient data.
        remedy: What the reader can do about it, or None.
    """

    def __init__(self, message: str, *, remedy: str | None = None) -> None:
        """Keep message and remedy; `str()` joins the two."""
        super().__init__(message)
        self.message = message
        self.remedy = remedy

    def __str__(self) -> str:
        """The message, followed by the remedy where there is one."""
        if not self.remedy:
            return self.message
        stop = "" if self.message.endswith((".", "!", "?")) else "."
        return f"{self.message}{stop} {self.remedy}"

    def __reduce__(self) -> tuple[object, ...]:
        """Copy and pickle what was made, for subclasses take other arguments than `args`; pools of processes do so."""
        return _restored, (type(self), *self.args), self.__dict__


class ConfigurationError(AgentKitError):
    """A setting is missing or wrong; `setting` names it."""

    def __init__(self, setting: str, message: str, *, remedy: str | None = None) -> None:
        """Name the setting, for example `CORTI_CLIENT_ID`."""
        super().__init__(f"{setting}: {message}", remedy=remedy)
        self.setting = setting


class SpecError(AgentKitError):
    """What an author wrote cannot become an agent, expert or server; `field` is the path to the culprit."""

    def __init__(self, field: str, message: str, *, remedy: str | None = None) -> None:
        """Name the field, for example `experts[0].servers[1].url`."""
        super().__init__(f"{field}: {message}", remedy=remedy)
        self.field = field


class CredentialError(AgentKitError):
    """An auth DataPart is incomplete or doubled.

    Attributes:
        code: `mcp_auth_duplicate_name`, `mcp_auth_missing_name`, `mcp_auth_missing_token`,
            `mcp_auth_missing_credentials` or `missing_inherited_token` (MCPAUTH-05, -09, -10).
        mcp_name: The MCP server the part is meant for, when known.
    """

    def __init__(self, code: str, message: str, *, mcp_name: str | None = None, remedy: str | None = None) -> None:
        """Keep the documented code and the server's name."""
        super().__init__(message, remedy=remedy)
        self.code = code
        self.mcp_name = mcp_name


class WireError(AgentKitError):
    """JSON does not fit the documented shape.

    Attributes:
        path: Where in the document, for example `message.parts[0].text`.
        reason: `missing`, `type`, `value`, `json`, `depth` or, of what is no JSON-RPC request, `call`.
    """

    def __init__(self, path: str, reason: str, message: str, *, remedy: str | None = None) -> None:
        """Keep the place and the kind of the fault, never the value found there."""
        super().__init__(f"{path}: {message}" if path else message, remedy=remedy)
        self.path = path
        self.reason = reason
        self.detail = message


class BodyRefused(WireError):
    """The body of a request is too large, comes too slowly, or says that it is something else than was asked for.

    Attributes:
        reason: `size`, `slow` or `media-type`.
        status: The HTTP status that says so: 413, 408 or 415.
        code: The same in a word.
    """

    def __init__(self, reason: str, message: str, *, remedy: str | None = None) -> None:
        """Say what was not taken, without what came."""
        super().__init__("", reason, message, remedy=remedy)
        self.status, self.code = _REFUSALS[reason]


class ConversationBusy(AgentKitError):
    """A conversation was asked for a second turn while one is going on; nothing was sent."""


class PlanOutdated(AgentKitError):
    """What a plan was made for has changed since; nothing was done."""


class StorageError(AgentKitError):
    """The database cannot be opened, written or migrated."""


class EngineError(AgentKitError):
    """A run cannot be started or continued."""


class StateTooLarge(EngineError):
    """An agent wanted to keep more of a conversation than is allowed; what was kept before stays."""


class ServeError(AgentKitError):
    """A server cannot be started."""


class AuthenticationError(AgentKitError):
    """A token endpoint refused the caller.

    Attributes:
        code: The OAuth `error`, for example `invalid_client` or `unauthorized_client` (AUTH-09).
        status: The HTTP status.
    """

    def __init__(self, code: str, message: str, *, status: int | None = None, remedy: str | None = None) -> None:
        """Keep the OAuth error code and the status."""
        super().__init__(message, remedy=remedy)
        self.code = code
        self.status = status


class AccessRefused(AuthenticationError):
    """A server of ours did not let a request in.

    Attributes:
        challenges: What would be let in, one value of `WWW-Authenticate` for each scheme.
        retry_after: Seconds after which to ask again, where the request could not be judged now.
    """

    def __init__(
        self,
        code: str,
        message: str,
        *,
        status: int,
        challenges: tuple[str, ...] = (),
        retry_after: int | None = None,
        remedy: str | None = None,
    ) -> None:
        """Keep the status (401, 403, 431, or 503 where nobody could say) and how to be let in."""
        super().__init__(code, message, status=status, remedy=remedy)
        self.challenges = challenges
        self.retry_after = retry_after


class TooManyRequests(AgentKitError):
    """A server of ours was asked too often, or for too much at once.

    Attributes:
        limit: Which limit it was, for example `rate`.
        retry_after: Seconds after which to ask again.
    """

    def __init__(self, limit: str, message: str, *, retry_after: float) -> None:
        """Keep the limit and how long to wait."""
        super().__init__(message, remedy="Wait as long as Retry-After says.")
        self.limit = limit
        self.retry_after = retry_after


class CardUntrusted(AgentKitError):
    """An agent card is not signed by a key that is believed (A2A-SIG-02).

    Attributes:
        reason: `unsigned`, `signature`, `key_unknown`, `key_refused`, `key_expired` or `unreachable`.
    """

    def __init__(self, reason: str, message: str, *, remedy: str | None = None) -> None:
        """Keep why."""
        super().__init__(message, remedy=remedy)
        self.reason = reason


class TransportError(AgentKitError):
    """No answer was received; unless the message says that nothing was sent, the server may have done the work."""


class ConnectionFailed(TransportError):
    """The connection could not be made or broke."""


class RequestTimeout(TransportError):
    """The time limit of the call ran out."""


def _restored(kind: type[AgentKitError], *args: object) -> AgentKitError:
    return kind.__new__(kind, *args)
