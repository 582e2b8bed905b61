"""Reading dates and times as sources write them. Pure."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from mapper.fields.values import moment
from mapper.transformations.failing import StepFailed
from mapper.transformations.texts import Made
from shared.api.transformations import Date

LONGEST = 100
"""Characters of a date: what is longer is none, and is not looked at."""
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
WINDOWS_EPOCH = datetime(1601, 1, 1, tzinfo=UTC)
NEVER = {"0", str(2**63 - 1)}
"""What Active Directory writes for a moment that has not come."""
PROBE = datetime(2026, 11, 24, 20, 31, 32, 457000, tzinfo=UTC)

Reader = Callable[[str], datetime | None]


def reading_dates(step: Date) -> Made:
    """Return what reads a date as a moment. Raises `ValueError` for a format or a zone that does not exist."""
    zone = _zone(step.zone)
    readers = [_reader(given) for given in step.formats]

    def read(text: str) -> str | None:
        bare = text.strip()
        for reader in readers if len(bare) <= LONGEST else ():
            try:
                found = reader(bare)
                return None if found is None else moment((found if found.tzinfo else found.replace(tzinfo=zone)).isoformat())
            except (ValueError, OverflowError):
                continue
        raise StepFailed(f"finds no date and time like {' or '.join(step.formats)}")

    return read


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (OSError, ValueError, LookupError):
        raise ValueError(f"there is no time zone {name!r}; name one such as Europe/Berlin or UTC") from None


def _reader(given: str) -> Reader:
    if given in SPECIAL:
        return SPECIAL[given]
    if "%" not in given:
        raise ValueError(f"{given!r} is no format: use {', '.join(SPECIAL)}, or directives such as %d.%m.%Y %H:%M")
    try:
        datetime.strptime(PROBE.strftime(given), given)  # noqa: DTZ007 - only whether it can be read at all
    except (ValueError, UnicodeError):
        raise ValueError(f"{given!r} cannot be read back; use directives such as %d.%m.%Y %H:%M") from None
    return lambda text: datetime.strptime(text, given)  # noqa: DTZ007 - the zone is given to what names none


def _iso(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _unix(text: str) -> datetime:
    return EPOCH + timedelta(seconds=float(text))


def _unix_ms(text: str) -> datetime:
    return EPOCH + timedelta(milliseconds=float(text))


def _windows(text: str) -> datetime | None:
    return None if text in NEVER else WINDOWS_EPOCH + timedelta(microseconds=int(text) // 10)


SPECIAL: dict[str, Reader] = {"iso": _iso, "unix": _unix, "unix_ms": _unix_ms, "windows": _windows}
