"""From the broker onto the disk, and from there to the store and to the rules."""
