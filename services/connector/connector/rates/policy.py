"""The limits that Sophos publishes, as policies; and the one that somebody sets for an API of their own.

Its developer pages recommend at most 10 requests a second and 1,000 an hour; they say that 100 a minute, with bursts to 300, and
200,000 a day are enforced.
"""

from typing import Literal

from connector.rates.limits import Bucket, Policy, Window

PolicyName = Literal["enforced", "recommended", "off"]
MINUTE, HOUR, DAY = 60.0, 3600.0, 86_400.0
BURST = 200
"""What a minute may see beyond its hundred."""
FOR_THE_URGENT = 20
"""Of the burst: what runs leave to people and workflows."""

ENFORCED = Policy(
    buckets=(Bucket("minute", 100 / 60, BURST, FOR_THE_URGENT),),
    windows=(Window("day", 200_000, DAY, reserve=4_000),),
)
RECOMMENDED = Policy(
    buckets=(Bucket("second", 10, 1, for_runs_only=True), *ENFORCED.buckets),
    windows=(Window("hour", 1_000, HOUR, for_runs_only=True), *ENFORCED.windows),
)
POLICIES: dict[PolicyName, Policy] = {"enforced": ENFORCED, "recommended": RECOMMENDED, "off": Policy()}


def own_policy(per_minute: int) -> Policy:
    """Return the policy of so many requests in any minute; of more than a few, runs leave some to people and workflows."""
    return Policy(windows=(Window("minute", per_minute, MINUTE, reserve=per_minute // 10),))
