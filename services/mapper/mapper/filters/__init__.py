"""Filters of integrations: which records are written at all, and who was held back by which condition."""
