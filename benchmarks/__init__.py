"""Benchmarks: each runs beside a named baseline in the same run, and prints both and their ratio."""
