"""The API gateway: the public HTTP API, its accounts and its tokens."""
