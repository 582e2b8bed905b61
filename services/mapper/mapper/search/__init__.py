"""Full-text search over People: their words, kept beside them and looked for by their beginnings."""
