"""Integrations: configured providers, from draft to active."""
