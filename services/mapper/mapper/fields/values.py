"""Values of fields: what fits a data type, and how it is stored. Pure."""

import hashlib
import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from shared.api.fields import DataType, FieldOut
from shared.clock import written
from shared.rules.fold import UNSTORABLE, fold_text

LONGEST_TEXT = 1024
LONGEST_LIST = 100
"""Far more roles than anybody has."""
TAGS = "tags"
LONGEST_TAG = 100
LARGEST_NUMBER = 2**63
LONGEST_KEY = 500
"""Bytes of a unique value that are compared as they are: PostgreSQL's indexes hold no entry above some 2,700."""


AS_STORED = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z")
"""How moments are stored, and how most sources write them: such a one has only to be looked at."""


class DoesNotFit(ValueError):
    """A value does not fit its field; the text says why."""


def fitted(value: Any, data_type: DataType) -> Any:
    """Return `value` as it is stored in a field of `data_type`; empty text is nothing. Raises `DoesNotFit`."""
    return None if value is None or value == "" else FITTERS[data_type](value)


def fitter_of(field: FieldOut) -> Callable[[Any], Any]:
    """Return what stores a value of this field that is not empty, with all that the field asks. Each raises `DoesNotFit`."""
    fit = FITTERS[field.data_type]
    if field.dropdown == "fixed":
        return _one_of(field.options)
    if field.as_set:
        return lambda value: one_of_each(fit(value))
    if field.data_type == "text_list":
        longest = LONGEST_TAG if field.builtin and field.key == TAGS else None
        return lambda value: _listed_once(fit(value), longest)
    if field.max_length is not None:
        return _of_length(fit, field.max_length)
    return _whole if field.whole else fit


def fitted_to(value: Any, field: FieldOut) -> Any:
    """Return `value` as it is stored in this field; empty text is nothing. Raises `DoesNotFit`."""
    return None if value is None or value == "" else fitter_of(field)(value)


def is_never_empty(field: FieldOut) -> bool:
    """Return whether nobody may empty a field: it is mandatory, or a built-in flag, which says yes or no."""
    return field.mandatory or (field.builtin and field.data_type == "boolean")


def moment(value: Any) -> str:
    """Return a moment as ISO 8601 in UTC with milliseconds; one without a zone is taken as UTC. Raises `DoesNotFit`."""
    if not isinstance(value, str):
        raise DoesNotFit("is not a date and time")
    try:
        if AS_STORED.fullmatch(value):
            datetime.fromisoformat(value)
            return value
        parsed = datetime.fromisoformat(value.strip())
        return written(parsed.replace(tzinfo=UTC) if parsed.tzinfo is None else parsed)
    except (ValueError, OverflowError):
        raise DoesNotFit("is not a date and time") from None


def unique_key(value: Any) -> str:
    """Return the form in which a unique value is compared: without case, Unicode variants and outer blanks; a long one as its hash."""
    return short_key(fold_text(str(value)))


def short_key(key: str) -> str:
    """Return a comparable value as an index can hold it: a long one as its hash."""
    if len(key) * 4 > LONGEST_KEY and len(encoded := key.encode()) > LONGEST_KEY:
        return f"sha256:{hashlib.sha256(encoded).hexdigest()}"
    return key


def storable(value: Any) -> Any:
    """Return JSON in which characters that PostgreSQL cannot keep are replaced: a record that was refused must still be told."""
    match value:
        case str():
            return UNSTORABLE.sub("\ufffd", value)
        case dict():
            return {storable(key): storable(inner) for key, inner in value.items()}
        case list():
            return [storable(inner) for inner in value]
        case _:
            return value


def is_storable(text: str) -> bool:
    """Return whether both databases can keep `text`."""
    return (text.isascii() and "\x00" not in text) or UNSTORABLE.search(text) is None


def _text(value: Any) -> str:
    if isinstance(value, str):
        if len(value) > LONGEST_TEXT:
            raise DoesNotFit(f"is longer than {LONGEST_TEXT} characters")
        if not is_storable(value):
            raise DoesNotFit("holds characters that cannot be stored")
        return value
    if isinstance(value, bool):
        return str(value)
    if isinstance(value, int | float):
        return str(_number(value))
    raise DoesNotFit("is not a text")


def _number(value: Any) -> int | float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not -LARGEST_NUMBER < value < LARGEST_NUMBER:
        raise DoesNotFit("is not a number of at most 18 digits")
    return value


def _boolean(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    known = {"yes": True, "true": True, "no": False, "false": False}
    if isinstance(value, str) and value.strip().casefold() in known:
        return known[value.strip().casefold()]
    raise DoesNotFit("is not yes or no")


def _text_list(value: Any) -> list[str]:
    if not isinstance(value, list) or len(value) > LONGEST_LIST:
        raise DoesNotFit(f"is not a list of at most {LONGEST_LIST} texts")
    return [_text(item) for item in value]


def _listed_once(items: Sequence[str], longest: int | None) -> list[str]:
    """Return a list as adding its items one by one makes it: without blanks, each once, whatever its case. Raises `DoesNotFit`."""
    there: dict[str, str] = {}
    for item in items:
        there.setdefault(fold_text(item), item.strip())
    listed = [item for item in there.values() if item]
    if longest is not None and any(len(item) > longest for item in listed):
        raise DoesNotFit(f"holds an item of more than {longest} characters")
    return listed


def one_of_each(items: Sequence[str]) -> list[str]:
    """Return items as a set is kept: each once, whatever its case, in the order of their comparable forms."""
    each: dict[str, str] = {}
    for item in items:
        each.setdefault(fold_text(item), item)
    return [each[key] for key in sorted(each)]


def _person(value: Any) -> str:
    try:
        return str(UUID(value)) if isinstance(value, str) else str(UUID(""))
    except ValueError:
        raise DoesNotFit("is not the id of a person") from None


def _whole(value: Any) -> int:
    number = _number(value)
    if number != int(number):
        raise DoesNotFit("is not a whole number")
    return int(number)


def _one_of(options: list[str]) -> Callable[[Any], str]:
    known = {fold_text(option): option for option in options}

    def fit(value: Any) -> str:
        option = known.get(fold_text(_text(value)))
        if option is None:
            raise DoesNotFit("is none of the options of this field")
        return option

    return fit


def _of_length(fit: Callable[[Any], Any], longest: int) -> Callable[[Any], Any]:
    def shorter(value: Any) -> Any:
        text = fit(value)
        if len(text) > longest:
            raise DoesNotFit(f"is longer than {longest} characters")
        return text

    return shorter


FITTERS: dict[DataType, Callable[[Any], Any]] = {
    "text": _text,
    "datetime": moment,
    "number": _number,
    "boolean": _boolean,
    "text_list": _text_list,
    "person": _person,
}
"""By data type: what stores a value that is not empty. Each raises `DoesNotFit`."""
