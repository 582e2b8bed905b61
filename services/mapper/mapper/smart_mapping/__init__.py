"""Smart mapping: which source field fits which target, how sure that is, and why. It suggests; a person decides."""
