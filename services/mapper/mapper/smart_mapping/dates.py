"""By which formats the dates of a path are read: those that read every sample, and all read the same. Pure."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from itertools import product
from typing import Any

from mapper.fields.values import DoesNotFit, moment
from mapper.transformations.dates import reading_dates
from mapper.transformations.failing import StepFailed
from shared.api.transformations import Date

EARLIEST, LATEST = datetime(1990, 1, 1, tzinfo=UTC).timestamp(), datetime(2100, 1, 1, tzinfo=UTC).timestamp()
"""Dates before and after are none that a directory tells: numbers and odd texts are often something else."""
LONGEST = 40
COUNTED = ("unix", "unix_ms", "windows")
DAYS = (
    *("%d.%m.%Y", "%Y/%m/%d", "%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y", "%m-%d-%Y"),
    *("%d %b %Y", "%d %B %Y", "%d-%b-%Y", "%b %d, %Y", "%B %d, %Y", "%b %d %Y"),
)
"""Dots are only used where the day comes first."""
TIMES = ("", " %H:%M", " %H:%M:%S", ", %H:%M", ", %H:%M:%S", " %I:%M %p", " %I:%M:%S %p", ", %I:%M %p", ", %I:%M:%S %p")
WHOLE = (
    *("%Y-%m-%d %H:%M:%S %z", "%Y-%m-%d %H:%M:%S UTC", "%a, %d %b %Y %H:%M:%S %z", "%a, %d %b %Y %H:%M:%S GMT", "%a %b %d %H:%M:%S %Y"),
    *("%Y%m%d%H%M%SZ", "%Y%m%d%H%M%S.0Z", "%Y%m%d"),
)
FORMATS = (*COUNTED, *(day + time for day, time in product(DAYS, TIMES)), *WHOLE)


def is_moment(value: Any) -> bool:
    """Return whether a value is stored as a moment as it stands."""
    try:
        return isinstance(value, str) and len(value) >= len("2026-01-01") and bool(moment(value))
    except DoesNotFit:
        return False


def is_date(value: Any) -> bool:
    """Return whether a value can be read as a moment, if need be by a format."""
    return is_moment(value) or bool(_readings(value))


def formats_of(values: Sequence[Any]) -> list[str] | None:
    """Return the formats by which values must be read: none where they need none; None where nothing reads them all, or in two ways."""
    odd = [value for value in values if not is_moment(value)]
    if not odd:
        return []
    readings = [_readings(value) for value in odd]
    common = [given for given in FORMATS if all(given in reading for reading in readings)]
    ways = {tuple(reading[given] for reading in readings) for given in common}
    if len(ways) != 1:
        return None
    return [*(["iso"] if len(odd) < len(values) else []), *common[:2]]


def _readings(value: Any) -> dict[str, str]:
    """Return how each format that reads a value reads it."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return {}
    text = str(value).strip()
    return _read(text) if 0 < len(text) <= LONGEST and any(letter.isdigit() for letter in text) else {}


@lru_cache(maxsize=4096)
def _read(text: str) -> dict[str, str]:
    return dict(_reading(text))


def _reading(text: str) -> Iterator[tuple[str, str]]:
    counted = text.replace(".", "", 1).isdecimal() and text.isascii()
    for given, read in READERS.items():
        if counted is (given in COUNTED) or (counted and "%" in given):
            try:
                found = read(text)
            except StepFailed:
                continue
            if found is not None and EARLIEST < datetime.fromisoformat(found).timestamp() < LATEST:
                yield given, found


READERS = {given: reading_dates(Date(formats=[given])) for given in FORMATS}
