"""Runs among faults, kills and restarts: what they end with is what a calm run ends with."""
