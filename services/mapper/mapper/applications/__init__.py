"""The software catalogue: applications, each with the SaaS instances that an organization has of it."""
