"""What was changed through the API, by whom, and what came of it."""
