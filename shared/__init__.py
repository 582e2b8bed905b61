"""What every service stands on: contracts, bus, transactions, HTTP, settings and observability. Imports no service."""
