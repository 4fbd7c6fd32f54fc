"""Modbus without a bus: numbers in registers, and which registers to read together."""
