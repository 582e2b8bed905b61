"""What People and SaaS users have in common: folded values, unique values, revisions, lists."""
