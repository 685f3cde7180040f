"""The expert that looks up patients' records."""
