"""The expert that computes formulas and scores."""
