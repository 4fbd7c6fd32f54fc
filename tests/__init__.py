"""Every test. `unit/` mirrors protocols and rules; `system/` runs real processes over a real broker."""
