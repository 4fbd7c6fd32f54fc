"""The newest values of every device, and what the rules remember of it."""
