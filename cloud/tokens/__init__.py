"""Machines that ask in somebody's name."""
