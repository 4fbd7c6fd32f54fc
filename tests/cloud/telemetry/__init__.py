"""Telemetry stores: one suite of promises for every engine, and what only one engine has to keep."""
