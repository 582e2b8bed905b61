"""HTTP in and out: the app factory, problem details, service tokens, paging and the base of typed clients."""
