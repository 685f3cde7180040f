"""Interviews along a questionnaire in the schema of Corti's interviewing expert (section 13 of the API contract)."""
