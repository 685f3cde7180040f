"""What a task cannot do."""

from __future__ import annotations

from agentkit.errors.base import AgentKitError


class TaskError(AgentKitError):
    """A task cannot do what was asked of it.

    Attributes:
        code: A stable snake_case word for this error.
        task_id: The task, when there is one.
        context_id: The context, when there is one.
    """

    code = "task_error"

    def __init__(
        self,
        message: str,
        *,
        task_id: str | None = None,
        context_id: str | None = None,
        remedy: str | None = None,
    ) -> None:
        """Keep the ids."""
        super().__init__(message, remedy=remedy)
        self.task_id = task_id
        self.context_id = context_id


class TaskNotFound(TaskError):
    """No such task for this caller; a foreign task looks the same (A2A-SEC-02)."""

    code = "task_not_found"


class ContextNotFound(TaskError):
    """No such context for this caller."""

    code = "context_not_found"


class AgentNotFound(TaskError):
    """No such agent for this caller."""

    code = "agent_not_found"


class TaskNotContinuable(TaskError):
    """The task is in a final state and takes no further message (V1-SEND-03, A2A-SEND-04)."""

    code = "task_not_continuable"


class TaskNotCancelable(TaskError):
    """The task is in a final state (A2A-CAN-01)."""

    code = "task_not_cancelable"


class ContextMismatch(TaskError):
    """The message names a context that is not the task's (V1-SEND-04, A2A-CTX-04)."""

    code = "context_mismatch"


class MessageConflict(TaskError):
    """The same `messageId` was sent before with another content (A2A-SEND-09)."""

    code = "message_conflict"


class TaskFailed(TaskError):
    """The task ended `failed`, `rejected` or `canceled`."""

    code = "task_failed"


class UnknownOutcome(TaskError):
    """A step was interrupted, and nobody knows whether it happened; it is not executed again.

    Attributes:
        step: The key of the step.
    """

    code = "unknown_outcome"

    def __init__(self, message: str, *, step: str, task_id: str | None = None, remedy: str | None = None) -> None:
        """Keep the key of the step."""
        super().__init__(message, task_id=task_id, remedy=remedy)
        self.step = step


class ServiceOverloaded(TaskError):
    """A message was not taken in: the server is at work on as much, or keeps as many open tasks, as it may."""

    code = "service_overloaded"


class TurnExceeded(TaskError):
    """A turn said more, or took longer, than it may."""

    code = "turn_exceeded"


class TurnLimitExceeded(TurnExceeded):
    """An agent of the local platform reached a limit of its turn.

    Attributes:
        limit: `decisions`, `delegations`, `tool_calls`, `seconds` or `output_bytes`.
        allowed: How much of it a turn may have.
    """

    code = "turn_limit_exceeded"

    def __init__(self, limit: str, allowed: float) -> None:
        """Name the limit."""
        super().__init__(
            f"The turn was stopped: it may have {allowed:g} {limit.replace('_', ' ')} at most.",
            remedy="Ask a narrower question, or raise the limit of the platform.",
        )
        self.limit = limit
        self.allowed = allowed


class InputRequired(TaskError):
    """The task waits for an answer of the user."""

    code = "input_required"


class AuthRequired(TaskError):
    """The task waits for a credential; `mcp_name` names the MCP server that wants it."""

    code = "auth_required"

    def __init__(
        self,
        message: str,
        *,
        mcp_name: str | None = None,
        task_id: str | None = None,
        context_id: str | None = None,
        remedy: str | None = None,
    ) -> None:
        """Keep the name of the MCP server."""
        super().__init__(message, task_id=task_id, context_id=context_id, remedy=remedy)
        self.mcp_name = mcp_name
