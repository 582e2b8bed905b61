"""What values look like: the share of a field's values that could be an e-mail address, a name, a moment. Pure."""

import re
from collections.abc import Callable, Sequence
from typing import Any

from mapper.smart_mapping.concepts import Shape
from mapper.smart_mapping.dates import is_date

LONGEST_NAME, LONGEST_LABEL = 100, 200
_EMAIL = re.compile(r"[^@\s<>,;]+@[^@\s<>,;]+\.[^@\s<>,;.]+")
_LOGIN = re.compile(r"[^\s/:;,<>]{2,}")
_IDENTIFIER = re.compile(r"[^\s@/]{1,128}")
_PHONE = re.compile(r"\+?[\d\s()./x-]{5,30}")
_SERIAL = re.compile(r"[A-Za-z0-9][A-Za-z0-9 /._-]{4,63}")
_HOST = re.compile(r"[\w\u2019'. -]{2,64}")
_VERSION = re.compile(r"[^\d\n]{0,20}\d[\w.,()+ -]{0,60}")
_MAC = re.compile(r"[0-9A-Fa-f]{2}([:-]?[0-9A-Fa-f]{2}){5}")
_IP = re.compile(r"(\d{1,3}\.){3}\d{1,3}|[0-9a-fA-F:]*:[0-9a-fA-F:.]+")
_CODE = re.compile(r"[\w.:/ -]{1,60}")
_WIDE = re.compile("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")


def share(shape: Shape, values: Sequence[Any]) -> float:
    """Return which share of values, none of them empty, looks like `shape`; 0 when there are none."""
    return sum(1 for value in values if FITS[shape](value)) / len(values) if values else 0.0


def _text(pattern: re.Pattern[str]) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, str) and pattern.fullmatch(value.strip()) is not None


def _name(value: Any) -> bool:
    return (
        isinstance(value, str)
        and len(value) <= LONGEST_NAME
        and any(letter.isalpha() for letter in value)
        and not any(letter.isdigit() or letter in "@/\\_:{}[]<>" for letter in value)
    )


def _full_name(value: Any) -> bool:
    return _name(value) and (len(value.split()) > 1 or _WIDE.search(value) is not None)


def _label(value: Any) -> bool:
    return (
        isinstance(value, str)
        and len(value) <= LONGEST_LABEL
        and any(letter.isalpha() for letter in value)
        and "://" not in value
        and not _EMAIL.fullmatch(value.strip())
    )


def _label_or_code(value: Any) -> bool:
    return _label(value) or _identifier(value)


def _identifier(value: Any) -> bool:
    return (isinstance(value, int) and not isinstance(value, bool)) or (
        isinstance(value, str) and _IDENTIFIER.fullmatch(value.strip()) is not None
    )


def _roles(value: Any) -> bool:
    return all(_label(entry) for entry in value) if isinstance(value, list) else _label(value)


FITS: dict[Shape, Callable[[Any], bool]] = {
    "email": _text(_EMAIL),
    "login": _text(_LOGIN),
    "full_name": _full_name,
    "part_of_name": _name,
    "moment": is_date,
    "identifier": _identifier,
    "short_text": _label_or_code,
    "phone": _text(_PHONE),
    "code": _text(_CODE),
    "serial": _text(_SERIAL),
    "host": _text(_HOST),
    "version": _text(_VERSION),
    "mac": _text(_MAC),
    "ip": _text(_IP),
    "roles": _roles,
}
STRICT: frozenset[Shape] = frozenset({"email", "moment", "mac", "ip"})
"""Shapes that every value has to have: one other value says that it is something else."""
