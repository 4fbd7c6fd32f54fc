"""The edge agent against real things on loopback: SQLite, TCP, a broker."""
