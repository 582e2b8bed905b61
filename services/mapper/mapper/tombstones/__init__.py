"""Tombstones: who was deleted at a source stays known, so that a return is seen as one."""
