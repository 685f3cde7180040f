"""The deterministic reader of free-text answers in English: it abstains rather than guesses (QN-P1 to QN-P6)."""
