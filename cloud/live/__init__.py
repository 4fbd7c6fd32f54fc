"""What the console is told without asking: the map once a second, and events as they happen."""
