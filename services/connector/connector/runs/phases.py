"""Where a run stands, finer than its state: who has the next move."""

QUEUED = "queued"
"""A worker may begin it."""
LISTING = "listing"
"""A worker reads pages."""
SUSPECTING = "suspecting"
"""The mapper has the pages, and says next whom the listing did not show."""
PROVING = "proving"
"""A worker asks the source for everybody who is suspected to be absent."""
ABSENCE = "absence"
"""The mapper has the proofs."""
SETTLING = "settling"
"""Only pages are waited for."""
WAITING = "waiting"
"""Pages are held back by the mapper until somebody approves them."""
ENDED = "ended"

FOR_WORKERS = (QUEUED, LISTING, PROVING)
FOR_THE_MAPPER = (SUSPECTING, ABSENCE, SETTLING)
