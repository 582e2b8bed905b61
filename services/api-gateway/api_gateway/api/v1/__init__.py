"""Version 1: one module per subject."""
