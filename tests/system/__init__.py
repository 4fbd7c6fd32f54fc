"""Real processes over a real broker, with the simulator's read log as the truth."""
