"""The medical calculator: formulas and scores with their units, validity, citation and working shown."""
