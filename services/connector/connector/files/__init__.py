"""Uploaded files: received, read once, kept in pieces that every replica can read, and forgotten in time."""
