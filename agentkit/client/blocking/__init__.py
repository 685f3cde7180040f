# Made from resources/__init__.py: change that file, then run `make twins`.
"""The blocking API by resource; `agentkit.client.blocking` is generated from it."""
