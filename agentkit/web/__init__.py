"""What the listening rooms share of HTTP: bounds, bodies, answers and server-sent events."""
