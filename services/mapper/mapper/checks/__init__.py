"""The check before launch: what would become of real records, and what speaks against letting them in."""
