"""Roll-ups over a real inbox and real stores."""
