"""Fields of records: the built-in ones and those that an installation adds."""
