"""One's own account: what one proves oneself with, where one is signed in, which language."""
