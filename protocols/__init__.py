"""What things are called and how they look on a wire. Pure: no clock, no socket, no randomness."""
