"""Credentials: what signs in to a source."""
