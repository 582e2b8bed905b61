"""Signing requests to sources, for each kind of credential."""
