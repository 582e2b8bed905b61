"""Runs: one record on its way through one version of a workflow."""
