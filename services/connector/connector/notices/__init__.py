"""Notices: what somebody should look at, and who is told of it."""
