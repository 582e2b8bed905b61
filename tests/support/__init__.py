"""What tests share: builders, servers and small fakes, importable and split by subject."""
