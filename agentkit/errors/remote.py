"""What goes wrong with an agent elsewhere that is asked over A2A."""

from __future__ import annotations

from agentkit.errors.base import AgentKitError, ConnectionFailed


class RemoteAgentError(AgentKitError):
    """An agent elsewhere refused what it was asked, or answered what is no answer.

    What a remote agent says may hold patient data, so it stands in no message of these errors.

    Attributes:
        agent: The name of the remote agent as it is used here.
        reason: The word of A2A's error table, for example `UNSUPPORTED_OPERATION`, or None.
        status: The HTTP status, or the one that the same error has over HTTP+JSON; None where there is none.
        retry_after: Seconds after which the agent wants to be asked again, where it said so.
    """

    def __init__(
        self,
        agent: str,
        message: str,
        *,
        reason: str | None = None,
        status: int | None = None,
        retry_after: float | None = None,
        remedy: str | None = None,
    ) -> None:
        """Name the agent."""
        super().__init__(f"Remote agent {agent}: {message}", remedy=remedy)
        self.agent = agent
        self.reason = reason
        self.status = status
        self.retry_after = retry_after


class RemoteAuthRequired(RemoteAgentError):
    """The remote agent does not let us in (401 or 403), or there is nothing to ask it with.

    Attributes:
        challenge: The `WWW-Authenticate` header of the answer, or None.
    """

    def __init__(
        self,
        agent: str,
        message: str,
        *,
        status: int | None = None,
        challenge: str | None = None,
        remedy: str | None = None,
    ) -> None:
        """Keep status and challenge."""
        super().__init__(agent, message, status=status, remedy=remedy)
        self.challenge = challenge


class RemoteProtocolError(RemoteAgentError):
    """The remote agent answered something that is not A2A, is about something else, or has no end."""


class RemoteUnreachable(ConnectionFailed):
    """No connection to the remote agent came about, so nothing was sent and the same may be sent again."""
