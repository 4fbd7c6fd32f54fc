"""Where the samples live, and how they are asked for."""
