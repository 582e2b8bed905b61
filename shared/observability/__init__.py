"""Logs, metrics, health and correlation, the same in every service."""
