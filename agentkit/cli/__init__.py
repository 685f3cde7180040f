"""The command line, one verb group per file."""
