"""Ports for servers that a test starts, and waiting for them."""

from haidang.demo.ports import answers, free_port
from haidang.demo.ports import listening as wait_for_port

__all__ = ["answers", "free_port", "wait_for_port"]
