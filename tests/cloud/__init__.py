"""The cloud service: real SQLite, real HTTP on loopback, a city's clock that only moves when it is told to."""
