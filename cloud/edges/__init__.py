"""What edges are told over HTTP: documents that are too large, or too much their own, for a message."""
