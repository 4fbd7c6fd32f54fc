"""Luminaires that are taken through a few levels and measured: when, and how it ended."""
