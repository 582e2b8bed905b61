"""Transformations: the steps between a value of the source and a field, checked when a mapping is stored, bounded when it runs."""
