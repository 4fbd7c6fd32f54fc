"""Noise that can be repeated: the same seed and second always give the same value, in every process."""

import zlib


def seed_of(*names: str) -> int:
    """A number for a name, the same in every process (`hash` is not)."""
    return zlib.crc32("/".join(names).encode())


def noise(seed: int, second: int) -> float:
    """Evenly spread over -1 to 1. Mixing steps of MurmurHash3 (Austin Appleby, public domain)."""
    x = (seed ^ (second * 0x9E3779B1)) & 0xFFFFFFFF
    x = ((x ^ (x >> 16)) * 0x85EBCA6B) & 0xFFFFFFFF
    x = ((x ^ (x >> 13)) * 0xC2B2AE35) & 0xFFFFFFFF
    return (x ^ (x >> 16)) / 0x7FFFFFFF - 1.0


def drift(seed: int, second: float, every: float) -> float:
    """Slow noise: a smooth way between values that are `every` seconds apart, within -1 to 1."""
    step = int(second // every)
    share = second / every - step
    ease = share * share * (3 - 2 * share)
    return noise(seed, step) * (1 - ease) + noise(seed, step + 1) * ease
