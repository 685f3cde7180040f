"""What stops a composition: limits and rules that its author gave it."""

from __future__ import annotations

from agentkit.errors.base import AgentKitError


class CompositionError(AgentKitError):
    """A limit or a rule of a composition stopped it.

    Attributes:
        agent: The agent it was about.
    """

    def __init__(self, agent: str, message: str, *, remedy: str | None = None) -> None:
        """Name the agent."""
        super().__init__(message, remedy=remedy)
        self.agent = agent


class AgentTimeout(CompositionError):
    """An agent had not ended in time; it was cancelled.

    Attributes:
        seconds: How long it had.
    """

    def __init__(self, agent: str, seconds: float) -> None:
        """Keep the limit."""
        super().__init__(agent, f"The agent {agent} did not end within {seconds} s.", remedy="Allow it more seconds.")
        self.seconds = seconds


class BudgetExceeded(CompositionError):
    """An agent used more than its budget allows; it was cancelled where it was still at work.

    Attributes:
        limit: `credits`, `tokens` or `seconds`.
        allowed: How much of it the budget allows.
        used: How much was used.
    """

    def __init__(self, agent: str, limit: str, allowed: float, used: float) -> None:
        """Keep limit and use."""
        super().__init__(
            agent, f"The budget of {agent} is used up: {used} of {allowed} {limit}.", remedy="Raise the budget."
        )
        self.limit = limit
        self.allowed = allowed
        self.used = used


class LoopExhausted(CompositionError):
    """A loop had as many rounds as it may have, and its condition did not come true.

    Attributes:
        rounds: How many.
    """

    def __init__(self, agent: str, rounds: int) -> None:
        """Keep the bound."""
        super().__init__(
            agent,
            f"The loop {agent} did not reach its condition in {rounds} rounds.",
            remedy='Raise at_most, or take what the last round brought with on_exhausted="keep".',
        )
        self.rounds = rounds


class TooFewCompleted(CompositionError):
    """Fewer agents of a `Parallel` completed than it needs.

    Attributes:
        needed: How many must complete.
        completed: How many did.
    """

    def __init__(self, agent: str, needed: int, completed: int) -> None:
        """Keep both numbers."""
        super().__init__(agent, f"{agent}: {completed} agents completed, {needed} are needed.")
        self.needed = needed
        self.completed = completed


class StepFailed(CompositionError):
    """An agent that a workflow called failed, rejected its message, or nobody knows whether it did its work.

    Attributes:
        agent: The path of the agent that failed.
        step: The key of the call.
        state: How its turn ended: `failed`, `rejected` or `canceled`.
        error: The class of the error that ended it, or None.
        text: What the agent said; content, so it is not part of `str()`.
    """

    def __init__(self, agent: str, *, step: str, state: str, error: str | None = None, text: str = "") -> None:
        """Keep how it ended."""
        super().__init__(agent, f"Step {step}: the agent {agent} ended {state}{f' ({error})' if error else ''}.")
        self.step = step
        self.state = state
        self.error = error
        self.text = text


class WorkflowChanged(CompositionError):
    """A workflow asks for other steps than those recorded when the task was begun; nothing new was executed."""
