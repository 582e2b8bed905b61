"""What the gateway asks the other services."""
