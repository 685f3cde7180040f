"""Talking with a model: a prompt goes out, calls of functions come back, and a call may be turned down."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from pydantic_ai.direct import model_request
from pydantic_ai.exceptions import AgentRunError
from pydantic_ai.messages import (
    ModelMessage,
    ModelRequest,
    ModelResponse,
    SystemPromptPart,
    TextPart,
    ToolReturnPart,
    UserPromptPart,
)
from pydantic_ai.models import Model, ModelRequestParameters
from pydantic_ai.models.openai import OpenAIChatModel
from pydantic_ai.providers.openai_compatible import OpenAICompatibleProvider
from pydantic_ai.settings import ModelSettings
from pydantic_ai.tools import ToolDefinition

from agentkit.errors import ConfigurationError
from agentkit.models import Role, TokenUsage
from agentkit.reasoning.llm.acts import Option
from agentkit.reasoning.llm.failures import failure, not_answered, out_of_time
from agentkit.reasoning.llm.prompt import Prompt
from agentkit.reasoning.usage import spent

_SERVICE: Final = "openai-compatible"


@dataclass(frozen=True, slots=True, repr=False)
class Call:
    """A call of a function, as the model wrote it."""

    name: str
    arguments: str | Mapping[str, object] | None


def chat_model(name: str, base_url: str | None, api_key: str | None) -> OpenAIChatModel:
    """A model behind an endpoint; nothing is sent yet, and its client does not try again by itself.

    Raises:
        ConfigurationError: Name or address are missing.
    """
    if not name:
        raise ConfigurationError("model", "no model is named.", remedy="Name one that the endpoint serves.")
    if not base_url or not base_url.startswith(("http://", "https://")):
        raise ConfigurationError(
            "base_url", "the address of the endpoint is missing.", remedy="Give the one that ends in /v1."
        )
    provider = OpenAICompatibleProvider(_SERVICE, base_url=base_url, api_key=api_key)
    once = provider.client.with_options(max_retries=0)
    return OpenAIChatModel(name, provider=OpenAICompatibleProvider(_SERVICE, openai_client=once))


class Talker:
    """A model that can be talked with."""

    def __init__(self, model: Model, *, timeout: float, max_tokens: int, temperature: float | None) -> None:
        """Take the model and how it shall be asked."""
        self._model = model
        self._timeout = timeout
        self._settings: ModelSettings = {"max_tokens": max_tokens, "timeout": timeout, "parallel_tool_calls": False}
        if temperature is not None:
            self._settings["temperature"] = temperature

    @property
    def name(self) -> str:
        """The model's name."""
        return self._model.model_name

    def begin(self, prompt: Prompt, offered: Sequence[Option]) -> Conversation:
        """Begin with a prompt and what can be called."""
        return Conversation(self, _messages(prompt), _parameters(offered))

    async def ask(self, messages: Sequence[ModelMessage], parameters: ModelRequestParameters) -> ModelResponse:
        """Send one request, and tell what it used.

        Raises:
            ModelError: There was no answer that can be used.
        """
        try:
            async with asyncio.timeout(self._timeout):
                response = await model_request(
                    self._model, messages, model_settings=self._settings, model_request_parameters=parameters
                )
        except TimeoutError:
            raise out_of_time(self.name, self._timeout) from None
        except AgentRunError as error:
            raise failure(self.name, error) from None
        used = response.usage
        spent(
            TokenUsage(
                input_tokens=used.input_tokens,
                output_tokens=used.output_tokens,
                total_tokens=used.total_tokens,
                cached_input_tokens=used.cache_read_tokens,
                cache_creation_input_tokens=used.cache_write_tokens,
                model=response.model_name or self.name,
            )
        )
        if response.finish_reason == "content_filter":
            raise not_answered(self.name)
        return response


class Conversation:
    """One decision in the making."""

    def __init__(self, talker: Talker, messages: list[ModelMessage], parameters: ModelRequestParameters) -> None:
        """Begin with the given messages."""
        self._talker = talker
        self._messages = messages
        self._parameters = parameters
        self._last: ModelResponse | None = None

    async def calls(self) -> tuple[Call, ...]:
        """What the model calls now.

        Raises:
            ModelError: There was no answer that can be used.
        """
        self._last = await self._talker.ask(self._messages, self._parameters)
        return tuple(Call(one.tool_name, one.args) for one in self._last.tool_calls)

    def turn_down(self, reason: str) -> None:
        """Say why the last answer was no decision; each of several calls needs an answer of its own."""
        if self._last is None:
            return
        told = [
            ToolReturnPart(tool_name=one.tool_name, content=f"Not accepted. {reason}", tool_call_id=one.tool_call_id)
            for one in self._last.tool_calls
        ]
        self._messages += [self._last, ModelRequest(parts=told or [UserPromptPart(reason)])]


def _parameters(offered: Sequence[Option]) -> ModelRequestParameters:
    tools = [
        ToolDefinition(
            name=one.name,
            description=one.description,
            parameters_json_schema=dict(one.schema),
            strict=False,
            kind="output",
        )
        for one in offered
    ]
    return ModelRequestParameters(output_mode="tool", output_tools=tools, allow_text_output=False)


def _messages(prompt: Prompt) -> list[ModelMessage]:
    messages: list[ModelMessage] = [ModelRequest(parts=[SystemPromptPart(prompt.system)])]
    for role, text in prompt.turns:
        user = role is Role.USER
        messages.append(ModelRequest(parts=[UserPromptPart(text)]) if user else ModelResponse(parts=[TextPart(text)]))
    return [*messages, ModelRequest(parts=[UserPromptPart(prompt.message)])]
