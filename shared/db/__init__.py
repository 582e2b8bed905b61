"""Databases: engines, naming, column types, upserts and the migration runner."""
