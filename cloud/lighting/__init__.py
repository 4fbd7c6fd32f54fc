"""The light of each lamp: planned, measured, and what the map shows of the difference."""
