"""Who may call: accounts, their tokens, and the one table of what each role may do."""
