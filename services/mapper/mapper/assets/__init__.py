"""Assets: devices, each with the person whom its source names."""
