"""Exports: a list of records as a file, read page by page and never held whole."""
