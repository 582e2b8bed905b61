"""Tests: unit, contract, integration and end to end."""
