"""Pages of observations: applied in one transaction each, and what was missing from all of them."""
