"""Runs: one execution of an integration, from its request to its balanced books."""
