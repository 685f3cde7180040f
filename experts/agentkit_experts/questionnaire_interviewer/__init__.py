"""The expert that interviews a person with a validated questionnaire."""
