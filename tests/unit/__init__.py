"""Pure code: tables and properties, no clock, no socket."""
