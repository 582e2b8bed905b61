"""Expressions: one value computed from a record, in CEL, with bounds on size and time."""
