"""A deployment for a city: its secrets, certificates and files, written into one folder that docker/ mounts."""
