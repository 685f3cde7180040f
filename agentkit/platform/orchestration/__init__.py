"""An agent at work: it plans, delegates, and answers (section 9 of the API contract)."""
