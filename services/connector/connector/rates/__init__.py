"""How often a source may be asked: kept ahead of time, shared by every replica."""
