"""A reasoner by its name, as configurations and command lines give it."""

from __future__ import annotations

from pathlib import Path

from agentkit.errors import ConfigurationError
from agentkit.reasoning.cassette import Cassette
from agentkit.reasoning.protocol import Reasoner
from agentkit.reasoning.replay import ReplayReasoner
from agentkit.reasoning.rules import RuleReasoner


def reasoner_from(
    name: str, *, model: str | None = None, base_url: str | None = None, api_key: str | None = None
) -> Reasoner:
    """Make a reasoner.

    Args:
        name: `rules` (needs no model), `llm` (a language model, extra `llm`), or `replay:FILE` (recorded decisions).
        model: For `llm`: its name at the endpoint.
        base_url: For `llm`: the address of an OpenAI-compatible endpoint, ending in `/v1`.
        api_key: For `llm`: the endpoint's key, None where it wants none.

    Raises:
        ConfigurationError: There is no such reasoner, or it lacks a setting, or has one it does not use.
        CassetteError: The file to replay cannot be read.
    """
    kind, colon, rest = name.partition(":")
    if kind != "llm":
        for setting, value in (("model", model), ("base_url", base_url), ("api_key", api_key)):
            if value is not None:
                raise ConfigurationError(setting, f"the reasoner `{kind}` does not use it.", remedy="Choose `llm`.")
    match kind, bool(colon):
        case "rules", False:
            return RuleReasoner()
        case "llm", False:
            from agentkit.reasoning.llm import LlmReasoner

            return LlmReasoner(model or "", base_url=base_url, api_key=api_key)
        case "replay", True if rest:
            return ReplayReasoner(Cassette.read(Path(rest)))
        case "replay", _:
            raise ConfigurationError("reasoner", "the file to replay is missing.", remedy="Write replay:FILE.")
        case _:
            raise ConfigurationError(
                "reasoner", f"there is no reasoner `{name}`.", remedy="Choose `rules`, `llm` or `replay:FILE`."
            )
