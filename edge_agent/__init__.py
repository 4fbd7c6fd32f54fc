"""What runs in the cabinet: reads the devices, keeps every reading until the cloud has it, lights the street alone."""
