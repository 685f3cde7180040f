"""The reasoner that needs no model: words against schemas, one small step per module.

`vocabulary` and `words` read English; `jsonschema`, `parameters` and `links` read tools; `values` and `reading` find in
a message what could be an argument; `choice` picks tools and `experts` picks experts; `filling`, `candidates` and
`subjects` make arguments; `exchanges` follows tools that ask questions; `rendering` writes; `goals` and `planner` hold
it together.
"""

from agentkit.reasoning.rules.reasoner import RuleReasoner

__all__ = ["RuleReasoner"]
