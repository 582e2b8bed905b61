"""The time, always in UTC and always aware, and how it is written into records."""

from datetime import UTC, datetime


def now() -> datetime:
    """Return the current time in UTC."""
    return datetime.now(UTC)


def written(moment: datetime) -> str:
    """Return an aware moment as records hold it: ISO 8601 in UTC with milliseconds, which sorts as time does.

    Raises `OverflowError` outside the years 1 to 9999.
    """
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
