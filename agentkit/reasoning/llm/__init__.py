"""Decides with a language model behind any OpenAI-compatible endpoint; needs the extra `llm`.

`acts` turns what may be decided into functions a model can call, and its calls back into acts; `prompt` writes the
situation down; `conversation` talks with the model and `failures` names what goes wrong (the two modules that need the
extra); `corti` reaches Corti's models; `reasoner` holds it together.
"""

from agentkit.reasoning.llm.corti import corti_models_key, corti_models_url
from agentkit.reasoning.llm.prompt import Limits
from agentkit.reasoning.llm.reasoner import LlmReasoner

__all__ = ["Limits", "LlmReasoner", "corti_models_key", "corti_models_url"]
