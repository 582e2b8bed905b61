"""How long a page of People takes through the public API, beside the bare SQL statements that it needs."""
