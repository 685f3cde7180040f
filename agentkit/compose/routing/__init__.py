"""Who gets a message: how a `Router` chooses.

- `choice`: what a choice is, and the protocol of whoever chooses.
- `rules`: by predicates over the message that an author wrote down.
- `skills`: by what the agents say they can do.
- `reasoner`: by a `Reasoner`.
"""

from agentkit.compose.routing.choice import Choice, Chooser
from agentkit.compose.routing.reasoner import ByReasoner
from agentkit.compose.routing.rules import ByFunction, ByRules, Rule
from agentkit.compose.routing.skills import BySkills

__all__ = ["ByFunction", "ByReasoner", "ByRules", "BySkills", "Choice", "Chooser", "Rule"]
