"""Values of fields: what fits a data type, and how it is stored. Pure."""

from datetime import UTC, datetime
from typing import Any

from shared.api.records import DataType
from shared.rules.fold import fold_text

LONGEST_TEXT = 1024


class DoesNotFit(ValueError):
    """A value does not fit its field; the text says why."""


def fitted(value: Any, data_type: DataType) -> Any:
    """Return `value` as it is stored in a field of `data_type`; empty text is nothing. Raises `DoesNotFit`."""
    if value is None or value == "":
        return None
    match data_type:
        case "text":
            return _text(value)
        case "datetime":
            return moment(value)
        case "number":
            return _number(value)
        case "boolean":
            return _boolean(value)
        case _:
            if not isinstance(value, list) or len(value) > 100:  # noqa: PLR2004 - far more roles than anybody has
                raise DoesNotFit("is not a list of texts")
            return [_text(item) for item in value]


def moment(value: Any) -> str:
    """Return a moment as ISO 8601 in UTC with milliseconds; one without a zone is taken as UTC. Raises `DoesNotFit`."""
    if not isinstance(value, str):
        raise DoesNotFit("is not a date and time")
    try:
        parsed = datetime.fromisoformat(value.strip())
        zoned = parsed.replace(tzinfo=UTC) if parsed.tzinfo is None else parsed.astimezone(UTC)
    except (ValueError, OverflowError):
        raise DoesNotFit("is not a date and time") from None
    return zoned.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def unique_key(value: Any) -> str:
    """Return the form in which a unique value is compared: without case, Unicode variants and outer blanks."""
    return fold_text(str(value))


def _text(value: Any) -> str:
    if isinstance(value, bool | int | float):
        return str(value)
    if not isinstance(value, str):
        raise DoesNotFit("is not a text")
    if len(value) > LONGEST_TEXT:
        raise DoesNotFit(f"is longer than {LONGEST_TEXT} characters")
    if "\x00" in value or (not value.isprintable() and any("\ud800" <= letter <= "\udfff" for letter in value)):
        raise DoesNotFit("holds characters that cannot be stored")
    return value


def _number(value: Any) -> int | float:
    if isinstance(value, bool) or not isinstance(value, int | float) or abs(value) > 1e20:  # noqa: PLR2004 - 20 digits
        raise DoesNotFit("is not a number of at most 20 digits")
    return value


def _boolean(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    known = {"yes": True, "true": True, "no": False, "false": False}
    if isinstance(value, str) and value.casefold() in known:
        return known[value.casefold()]
    raise DoesNotFit("is not yes or no")
