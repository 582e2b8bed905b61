"""Observations: what each source said last of each record, so that what happened is told from what was configured."""
