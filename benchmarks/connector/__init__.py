"""How fast the connector reads pages and makes them durable, in how much memory, and how long a run takes under Sophos' limits."""
