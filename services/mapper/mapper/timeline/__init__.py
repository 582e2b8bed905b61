"""The timeline of a person: what happened, when, and why."""
