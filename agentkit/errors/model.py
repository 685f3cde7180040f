"""What goes wrong with a language model, and with what was recorded of one."""

from __future__ import annotations

from agentkit.errors.base import AgentKitError


class ModelError(AgentKitError):
    """A language model gave no decision; `model` is its name.

    Neither message holds anything of the prompt, of what the model wrote, or of the key.
    """

    def __init__(self, model: str, message: str, *, remedy: str | None = None) -> None:
        """Name the model."""
        super().__init__(f"Model {model}: {message}", remedy=remedy)
        self.model = model


class ModelUnreachable(ModelError):
    """The endpoint could not be reached, did not answer in time, or failed.

    Attributes:
        status: The HTTP status of its answer, 500 or above; None where there was no answer.
    """

    def __init__(self, model: str, message: str, *, status: int | None = None, remedy: str | None = None) -> None:
        """Keep the status."""
        super().__init__(model, message, remedy=remedy)
        self.status = status


class ModelRateLimited(ModelError):
    """The endpoint was asked too often, or the quota is used up.

    Attributes:
        retry_after: Seconds after which to ask again, where the endpoint said so.
    """

    def __init__(
        self, model: str, message: str, *, retry_after: float | None = None, remedy: str | None = None
    ) -> None:
        """Keep how long to wait."""
        super().__init__(model, message, remedy=remedy)
        self.retry_after = retry_after


class ModelRefused(ModelError):
    """The endpoint or the model would not answer this; to ask again does not help.

    Attributes:
        reason: `authentication`, `unknown-model`, `too-long`, `rejected` or `content`.
    """

    def __init__(self, model: str, reason: str, message: str, *, remedy: str | None = None) -> None:
        """Keep the reason."""
        super().__init__(model, message, remedy=remedy)
        self.reason = reason


class ModelOutputInvalid(ModelError):
    """What the model wrote is no decision, and it did not mend it when it was told so."""


class CassetteError(AgentKitError):
    """Recorded decisions cannot be read, or no further one can be kept."""


class CassetteMismatch(CassetteError):
    """No decision was recorded for such a situation.

    Attributes:
        differs: The fields in which the most similar recorded situation is another one; none where nothing was
            recorded at all.
    """

    def __init__(self, differs: tuple[str, ...]) -> None:
        """Name the fields, never what stands in them."""
        told = f"the most similar one differs in {', '.join(differs)}" if differs else "it holds no decision"
        super().__init__(f"No decision was recorded for this situation: {told}.", remedy="Record it again.")
        self.differs = differs
