"""The simulator against independent peers: pymodbus, smtplib, an HTTP client."""
