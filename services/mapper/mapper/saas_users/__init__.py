"""SaaS users: one user of one SaaS instance."""
