"""SaaS instances: the software that SaaS users belong to."""
