"""The second proof of who somebody is."""
