"""What stands in the city: the imported inventory, and the edges that look after it."""
