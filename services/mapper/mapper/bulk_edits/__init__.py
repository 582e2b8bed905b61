"""Bulk edits: the same change of many records, previewed, and applied only to what was looked at."""
