"""The asynchronous API by resource; `agentkit.client.blocking` is generated from it."""
