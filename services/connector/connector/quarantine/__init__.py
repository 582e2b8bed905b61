"""Integrations that keep failing are left alone for longer and longer, visibly."""
