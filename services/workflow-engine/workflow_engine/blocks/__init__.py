"""Blocks: what a step of a workflow can do."""
