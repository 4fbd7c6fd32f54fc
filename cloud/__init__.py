"""The service at the control centre: stores, decides, shows and commands."""
