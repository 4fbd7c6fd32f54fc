"""The demo city on one machine: broker, simulator, cloud and edges as supervised children."""
