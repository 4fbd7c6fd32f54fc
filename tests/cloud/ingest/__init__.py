"""From the broker onto the disk and out again: real brokers, real SQLite, real DuckDB."""
