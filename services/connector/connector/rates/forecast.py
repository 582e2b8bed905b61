"""What a run will cost: requests, minutes, and how much of the hour it leaves."""

from dataclasses import dataclass

from connector.rates.limits import Policy, Spent, take, wait_for

HOUR = 3600.0
MOST = 20_000
"""Requests that are played through; beyond it the pace of those holds."""


@dataclass(frozen=True, slots=True)
class Forecast:
    """`hour_left`: which part (0 to 1) of the requests that the coming hour allows is left for others; None where nothing is limited."""

    requests: int
    seconds: float
    hour_left: float | None


def forecast(policy: Policy, spent: Spent, now: float, requests: int, seconds_each: float) -> Forecast:
    """Return what `requests` in a row cost, each taking `seconds_each` at the source. Blocks for a while when they are many."""
    if not policy.limits:
        return Forecast(requests, requests * seconds_each, None)
    played = min(requests, MOST)
    moment, within = now, 0
    for _ in range(played):
        moment += wait_for(policy, spent, moment, "sync")
        spent = take(policy, spent, moment, "sync")
        within += moment - now < HOUR
        moment += seconds_each
    seconds = (moment - now) * (requests / played if played else 1)
    return Forecast(requests, seconds, _left(policy, spent, now, moment, within))


def _left(policy: Policy, spent: Spent, now: float, moment: float, within: int) -> float:
    """Return the part of the coming hour's permits that is not used: how many more would pass until its end, one after the other."""
    more = 0
    while more < MOST:
        moment += wait_for(policy, spent, moment, "sync")
        if moment - now >= HOUR:
            break
        spent = take(policy, spent, moment, "sync")
        more += 1
    return more / (within + more) if within + more else 0.0
