"""How fast users get from Sophos into records with history and events, beside dlt loading the same source into a table."""
