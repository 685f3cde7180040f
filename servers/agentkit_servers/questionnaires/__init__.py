"""Questionnaires: bundled instruments in their official wording, and the tools that interview a person with them."""
