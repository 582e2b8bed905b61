"""The connector: speaks to Sophos Central, runs integrations and emits raw observations."""
