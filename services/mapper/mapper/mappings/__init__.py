"""Mappings: versioned, evaluated record by record."""
