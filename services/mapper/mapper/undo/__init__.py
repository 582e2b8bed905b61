"""Undoing what a run did: a reverse plan made of its revisions, which leaves alone, and names, what changed since."""
