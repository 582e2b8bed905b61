"""Changes that workflows ask for."""
