"""Orders to lamps: asked for, sent until answered, and done only when read back."""
