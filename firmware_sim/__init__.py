"""Plays a city's devices: the same protocol bytes as real ones, with faults by name. Also the load generator."""
