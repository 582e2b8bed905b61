"""The past of records: as it was at a moment, what changed between two, and how long that is kept."""
