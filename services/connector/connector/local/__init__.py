"""The local installation: an agent on the customer's own host reads sources there, with credentials that never leave it."""
