"""Choosing by rules that an author wrote down: predicates over the message, or a function."""

from __future__ import annotations

import inspect
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from agentkit.compose.agent import Agent
from agentkit.compose.routing.choice import Choice
from agentkit.errors import SpecError
from agentkit.models import Json, Message, Part


@dataclass(frozen=True)
class Rule:
    """Messages for which everything that is said here holds go to one agent.

    Attributes:
        to: The name of the agent.
        words: The text holds one of these words or phrases, as whole words, in any case.
        pattern: A regular expression that is found in the text, in any case.
        fields: One data part has all of these fields.
        values: One data part has all of these fields with these values.
        media_types: One file or part is of one of these media types; `image/*` stands for all images.
        when: A function says so.

    Raises:
        SpecError: The rule says nothing, or its pattern is none.
    """

    to: str
    words: Sequence[str] = ()
    pattern: str = ""
    fields: Sequence[str] = ()
    values: Mapping[str, Json] = field(default_factory=dict[str, Json])
    media_types: Sequence[str] = ()
    when: Callable[[Message], bool] | None = None

    def __post_init__(self) -> None:
        """Refuse what could only fail later."""
        for name in ("words", "fields", "media_types"):
            if isinstance(getattr(self, name), str):
                raise SpecError(f"Rule.{name}", "is a text; it must be a list of texts")
        said = (self.words, self.pattern, self.fields, self.values, self.media_types, self.when)
        if not any(said):
            raise SpecError("Rule", "says nothing about the message", remedy="Use default= for all that is left.")
        try:
            re.compile(self.pattern)
        except re.error as error:
            raise SpecError("Rule.pattern", f"is no regular expression: {error}") from None

    def holds(self, message: Message) -> bool:
        """Whether everything the rule says holds for a message."""
        return (
            (not self.words or self._words.search(message.text) is not None)
            and (not self.pattern or re.search(self.pattern, message.text, re.IGNORECASE) is not None)
            and (not (self.fields or self.values) or any(map(self._fits, message.data)))
            and (not self.media_types or any(map(self._is_of_type, message.parts)))
            and (self.when is None or self.when(message))
        )

    @cached_property
    def _words(self) -> re.Pattern[str]:
        either = "|".join(re.escape(word.strip()) for word in self.words)
        return re.compile(rf"(?<!\w)(?:{either})(?!\w)", re.IGNORECASE)

    def _fits(self, value: Json) -> bool:
        if not isinstance(value, dict):
            return False
        return all(name in value for name in self.fields) and all(
            name in value and value[name] == wanted for name, wanted in self.values.items()
        )

    def _is_of_type(self, part: Part) -> bool:
        found = (part.file.media_type if part.file is not None else part.media_type) or ""
        return any(
            found == wanted or (wanted.endswith("/*") and found.startswith(wanted[:-1])) for wanted in self.media_types
        )


class ByRules:
    """The first rule that holds decides."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        """Take the rules, in order."""
        self.rules = tuple(rules)

    async def choose(self, message: Message, agents: Sequence[Agent]) -> Choice:
        """Look for the first rule that holds."""
        del agents
        for number, rule in enumerate(self.rules, 1):
            if rule.holds(message):
                return Choice(rule.to, "rule", f"rule {number} of {len(self.rules)}")
        return Choice(None, "rule", f"none of {len(self.rules)} rules")


class ByFunction:
    """A function names the agent; None leaves it to the default."""

    def __init__(self, function: Callable[[Message], str | Awaitable[str | None] | None]) -> None:
        """Take the function, sync or async; it must be quick."""
        self._function = function

    async def choose(self, message: Message, agents: Sequence[Agent]) -> Choice:
        """Ask the function."""
        del agents
        named = self._function(message)
        if inspect.isawaitable(named):
            named = await named
        return Choice(named, "function")
