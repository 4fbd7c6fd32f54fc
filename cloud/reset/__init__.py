"""A way back in for who has forgotten the password."""
