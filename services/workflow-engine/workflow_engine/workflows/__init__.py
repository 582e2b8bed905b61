"""Workflows: drafts, their validation, their versions."""
