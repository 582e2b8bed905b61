"""The story, played through the public API against a simulated Sophos Central, with every count compared."""
