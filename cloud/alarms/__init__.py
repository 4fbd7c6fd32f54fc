"""Episodes: what is wrong, since when, and who has seen it."""
