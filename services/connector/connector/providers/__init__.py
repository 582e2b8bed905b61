"""Providers: the kinds of source that integrations can be made of."""
