"""What goes wrong on the way to a model, without anything the endpoint wrote: it may repeat the prompt or the key."""

from __future__ import annotations

from typing import Final

from pydantic_ai import exceptions as their

from agentkit.errors import ModelError, ModelRateLimited, ModelRefused, ModelUnreachable

_SERVER_FAULT: Final = 500
_REFUSED: Final[tuple[tuple[type[their.ModelAPIError], str, str, str], ...]] = (
    (their.ModelAuthenticationError, "authentication", "the key was not accepted.", "Check the key."),
    (their.ModelNotFoundError, "unknown-model", "the endpoint has no such model.", "Check name and address."),
    (their.ModelContextWindowExceededError, "too-long", "the prompt is too long.", "Lower the prompt's limits."),
)


def failure(model: str, error: their.AgentRunError) -> ModelError:
    """The typed error for what the model's library raised."""
    match error:
        case their.ModelRateLimitError():
            return ModelRateLimited(
                model,
                "it was asked too often.",
                retry_after=error.retry_after,
                remedy="Wait, or raise the limit of the endpoint.",
            )
        case their.ModelQuotaExceededError():
            return ModelRateLimited(model, "its quota is used up.", remedy="Top up the account of the endpoint.")
        case their.ContentFilterError():
            return not_answered(model)
        case their.UnexpectedModelBehavior():
            return ModelUnreachable(model, "what the endpoint answered is no chat completion.")
        case _:
            return _refused(model, error) or _by_status(model, error)


def not_answered(model: str) -> ModelRefused:
    """The model, or a filter around it, would not answer."""
    return ModelRefused(model, "content", "it would not answer this.")


def out_of_time(model: str, seconds: float) -> ModelUnreachable:
    """No answer came in time."""
    return ModelUnreachable(model, f"there was no answer within {seconds:g} seconds.", remedy="Raise the timeout.")


def _refused(model: str, error: their.AgentRunError) -> ModelRefused | None:
    for kind, reason, message, remedy in _REFUSED:
        if isinstance(error, kind):
            return ModelRefused(model, reason, message, remedy=remedy)
    return None


def _by_status(model: str, error: their.AgentRunError) -> ModelError:
    status = error.status_code if isinstance(error, their.ModelHTTPError) else None
    if status is None:
        return ModelUnreachable(model, "the endpoint could not be reached.", remedy="Check the address.")
    if status < _SERVER_FAULT:
        return ModelRefused(model, "rejected", f"the endpoint rejected the request with status {status}.")
    return ModelUnreachable(model, f"the endpoint failed with status {status}.", status=status)
