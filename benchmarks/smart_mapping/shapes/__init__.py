"""Shapes of real APIs, written from their public documentation: invented people, real field names, and what should be mapped to what."""
