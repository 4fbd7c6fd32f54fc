"""How bright, and when: what a city plans, how it is checked and approved, and how it reaches the edges."""
