"""Sophos Central: its users, read and deleted."""
