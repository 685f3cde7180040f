"""Pure codecs between JSON and `agentkit.models`, one module family per dialect, used by clients and servers alike."""
