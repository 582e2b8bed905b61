"""Merging two people who are one, and taking that back."""
