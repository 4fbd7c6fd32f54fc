"""Hours of every device and sums over segments, cabinets, wards, groups and the city, computed as readings come in."""
