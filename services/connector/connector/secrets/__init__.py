"""Secrets at rest: encrypted with a key that the database does not hold."""
