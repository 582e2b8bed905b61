"""Matching: which record one of a source belongs to."""
