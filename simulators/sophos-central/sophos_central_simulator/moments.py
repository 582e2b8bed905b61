"""Moments in parameters: a time, or an ISO duration before or after now."""

import re
from datetime import UTC, datetime, timedelta

from sophos_central_simulator.people import stamp
from sophos_central_simulator.queries import Query

DURATION = re.compile(r"([+-]?)P(?:(\d{1,4})W)?(?:(\d{1,6})D)?(?:T(?:(\d{1,6})H)?(?:(\d{1,6})M)?(?:(\d{1,9})S)?)?")


def moment_in(query: Query, name: str, now: datetime) -> str:
    """Return what a parameter says, as times stand in rows; empty when it is not asked for. Raises `Refused` (400)."""
    text = query.params.get(name, "").strip()
    if not text:
        return ""
    try:
        if (parts := DURATION.fullmatch(text)) and any(parts.groups()[1:]):
            weeks, days, hours, minutes, seconds = (int(part or 0) for part in parts.groups()[1:])
            span = timedelta(weeks=weeks, days=days, hours=hours, minutes=minutes, seconds=seconds)
            return stamp(now - span if parts[1] == "-" else now + span)
        moment = datetime.fromisoformat(text)
        return stamp(moment if moment.tzinfo else moment.replace(tzinfo=UTC))
    except (ValueError, OverflowError):
        query.malformed(name)
        return ""
