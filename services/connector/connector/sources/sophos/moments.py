"""Times as Sophos writes them: mostly with Z, sometimes without, now and then not at all."""

from datetime import UTC, datetime, timedelta
from typing import Any

CLOCKS_APART = timedelta(minutes=5)
"""How far Sophos' clock and ours may be apart."""


def moment(told: Any) -> datetime | None:
    """Return the time in UTC, or None when it cannot be read."""
    if not isinstance(told, str):
        return None
    try:
        read = datetime.fromisoformat(told)
    except ValueError:
        return None
    return read.astimezone(UTC) if read.tzinfo else read.replace(tzinfo=UTC)


def not_before(told: Any, earlier: Any) -> bool:
    """Return whether a time that Sophos tells lies after one of ours, as far as the two clocks can say."""
    one, other = moment(told), moment(earlier)
    return one is not None and other is not None and one >= other - CLOCKS_APART
