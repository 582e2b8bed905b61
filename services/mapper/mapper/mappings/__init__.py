"""Mappings: versioned, evaluated record by record, suggested by names."""
