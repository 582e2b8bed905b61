"""Sources: the port, and the systems behind it."""
