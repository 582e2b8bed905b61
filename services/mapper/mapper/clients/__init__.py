"""Typed callers of the other services."""
