"""Who may do what where, as those who are responsible for people keep it."""
