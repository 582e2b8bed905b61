"""The mapper: turns observations into People and SaaS users by stored mappings."""
