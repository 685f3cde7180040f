"""The reasoner that needs no model: words against schemas, one small step per module.

`vocabulary` and `words` read English; `values`, `times` and `quantities` find in a message what could be an argument,
`manner` and `reading` hold it together. `parameters`, `links`, `directories` and `described` read tools: what each one
takes, and which tool supplies the id, the choice or the description another one needs. `choice` and `goals` pick tools,
`panel`, `leanings` and `experts` pick experts. `filling`, with `choices`, `moments` and `topics`, makes arguments of a
message, and `subjects`, `picking`, `open_objects`, `measuring` and `findings` make those that take another call first.
`exchanges` and `open_questions` follow tools that ask. `planner` decides; `phrases`, `remarks` and `rendering` write.
"""

from agentkit.reasoning.rules.reasoner import RuleReasoner

__all__ = ["RuleReasoner"]
