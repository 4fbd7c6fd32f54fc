"""Devices that speak MQTT: their topics, their JSON and what to make of it. Pure."""
