"""Saved views: lists that an account keeps, and may share with roles."""
