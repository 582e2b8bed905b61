"""Whether a request may leave now: the limits must allow it, and it must be its turn. Knows no database and no clock of its own."""

from dataclasses import replace

from connector.rates.lane import Asker
from connector.rates.limits import Policy, Spent, take, wait_for

LONGEST_NAP = 5.0
"""Seconds: however long the wait is said to be, somebody may have given way meanwhile."""
SHORTEST_NAP = 0.02


def ask(policy: Policy, spent: Spent, now: float, asker: Asker) -> tuple[float, Spent]:
    """Return 0 and what is spent with one more request; or in how many seconds to ask again, and what holds until then."""
    wait = wait_for(policy, spent, now, asker.lane)
    ahead = spent.turns.ahead_of(asker.flow, now)
    if wait <= 0 and not ahead:
        passed = take(policy, spent, now, asker.lane)
        return 0.0, replace(passed, turns=passed.turns.granted(asker.flow, now))
    # Whoever has others before itself comes back when they will have passed: a crowd that looks for each permit would help nobody.
    nap = min(max(wait + ahead * policy.pace, SHORTEST_NAP), LONGEST_NAP)
    return nap, replace(spent, turns=spent.turns.queued(asker.flow, now, now + nap))
