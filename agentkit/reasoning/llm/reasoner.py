"""The reasoner that asks a language model."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from agentkit.errors import ConfigurationError, ModelOutputInvalid, ModelRateLimited, ModelUnreachable
from agentkit.reasoning.llm.acts import Unfit, chosen, options
from agentkit.reasoning.llm.prompt import Limits, written
from agentkit.reasoning.protocol import Act, Situation

if TYPE_CHECKING:
    from pydantic_ai.models import Model

    from agentkit.reasoning.llm.conversation import Call, Conversation, Talker

_TIMEOUT: Final = 60.0
_PAUSE: Final = 0.5
_LONGEST_WAIT: Final = 20.0
_NO_CALL: Final = "Decide by calling one of the functions; text alone is no decision."


class LlmReasoner:
    """Decides by asking a model which of the acts on offer comes next.

    The model sees the situation and one function for each act; what it calls is checked against the schema of that
    function, and told back to it where it does not fit. It sees no credential, for a situation holds none; what it used
    is told to `agentkit.reasoning.counting`.
    """

    def __init__(
        self,
        model: str | Model,
        *,
        base_url: str | None = None,
        api_key: str | None = None,
        timeout: float = _TIMEOUT,
        retries: int = 2,
        pause: float = _PAUSE,
        corrections: int = 2,
        max_tokens: int = 2_048,
        temperature: float | None = 0.0,
        limits: Limits | None = None,
    ) -> None:
        """Decide with a model; make it where nothing else waits, for it loads libraries and certificates.

        Args:
            model: Its name at the endpoint, or a model of pydantic-ai that is ready.
            base_url: The address of the endpoint, such as `http://127.0.0.1:11434/v1`; for Corti's see
                `corti_models_url`. Not used where `model` is ready.
            api_key: Its key, None where it wants none; for Corti's see `corti_models_key`. It is sent to the endpoint
                and stands in no error.
            timeout: Seconds one request may take.
            retries: How often a request is sent again that failed for a reason that may pass.
            pause: Seconds before the second attempt, where the endpoint does not say how long; doubled for the third.
            corrections: How often the model may mend a decision that does not fit.
            max_tokens: The most tokens it may write for one decision.
            temperature: How freely it writes; None leaves it to the endpoint, for models that take none.
            limits: How much of a situation it is shown.

        Raises:
            ConfigurationError: The extra `llm` is not installed, or name or address are missing.
        """
        try:
            from agentkit.reasoning.llm.conversation import Talker, chat_model
        except ImportError:
            raise ConfigurationError(
                "reasoner", "deciding with a model needs the extra `llm`.", remedy='pip install "corti-agentkit[llm]"'
            ) from None
        ready = chat_model(model, base_url, api_key) if isinstance(model, str) else model
        self._talker: Talker = Talker(ready, timeout=timeout, max_tokens=max_tokens, temperature=temperature)
        self._retries = retries
        self._pause = pause
        self._corrections = corrections
        self._limits = limits or Limits()

    @property
    def name(self) -> str:
        """The model's name."""
        return self._talker.name

    async def decide(self, situation: Situation) -> Act:
        """Ask the model what to do next.

        Args:
            situation: What is known now.

        Returns:
            An act of what the situation offers.

        Raises:
            ModelUnreachable: The endpoint did not answer, not in time, or with a failure.
            ModelRateLimited: It was asked too often.
            ModelRefused: The endpoint or the model would not do it.
            ModelOutputInvalid: The model wrote no decision that fits, as often as it was told so.
        """
        offered = options(situation)
        conversation = self._talker.begin(written(situation, self._limits), offered)
        for _ in range(self._corrections + 1):
            calls = await self._answered(conversation)
            try:
                if not calls:
                    raise Unfit(_NO_CALL)
                # One step at a time: what comes after the first call is decided when its result is known.
                return chosen(calls[0].name, calls[0].arguments, offered)
            except Unfit as reason:
                conversation.turn_down(str(reason))
        raise ModelOutputInvalid(
            self.name,
            f"it wrote no decision that fits, {self._corrections + 1} times.",
            remedy="Use a model that can call functions.",
        )

    async def _answered(self, conversation: Conversation) -> tuple[Call, ...]:
        """One answer of the model; a request that failed for a reason that may pass is sent again."""
        wait = self._pause
        for left in range(self._retries, -1, -1):
            try:
                return await conversation.calls()
            except ModelRateLimited as limited:
                wait = wait if limited.retry_after is None else limited.retry_after
                if not left or wait > _LONGEST_WAIT:
                    raise
            except ModelUnreachable:
                if not left:
                    raise
            await asyncio.sleep(wait)
            wait = min(wait * 2, _LONGEST_WAIT)
        raise AssertionError("the last attempt returns or raises")
