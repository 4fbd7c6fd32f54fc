"""Benchmarks: one JSON object a line. Never a timed assertion in a test."""
