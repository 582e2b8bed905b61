"""Forecasts: what a configuration that is thought of would do to the records that are known, before it is saved."""
