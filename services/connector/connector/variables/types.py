"""The types of global variables: what each takes, and what to type instead of what it does not take."""

import ipaddress
import re
from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from uuid import UUID

from connector.addresses import problem_of_address
from connector.storable import checked
from shared.api.variables import VariableType
from shared.errors import Invalid

LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)")
LONGEST_HOST = 253
LONGEST_NUMBER = 40


def checked_value(kind: VariableType, value: str) -> str:
    """Return a value as it is stored. Raises `Invalid`, which says what the type takes."""
    read, takes, example = TYPES[kind]
    found = read(checked("value", value.strip()))
    if found is None:
        remedy = f"Type it such as {example}, or give the variable another type."
        message = f"is not {takes}"
        raise Invalid(f"value {message}", remedy=remedy, fields=[{"field": "value", "message": message, "remedy": remedy}])
    return found


def _text(value: str) -> str | None:
    return value or None


def _url(value: str) -> str | None:
    # A secret in an address would be shown with the variable.
    return value if problem_of_address(value) is None else None


def _uuid(value: str) -> str | None:
    try:
        return str(UUID(value))
    except ValueError:
        return None


def _host(value: str) -> str | None:
    try:
        return str(ipaddress.ip_address(value))
    except ValueError:
        pass
    try:
        name = value.removesuffix(".").encode("idna").decode().lower()
    except UnicodeError:
        return None
    labels = name.split(".")
    fits = len(name) <= LONGEST_HOST and all(LABEL.fullmatch(label) for label in labels) and not labels[-1].isdigit()
    return name if fits else None


def _number(value: str) -> str | None:
    try:
        number = Decimal(value)
    except InvalidOperation:
        return None
    return value if number.is_finite() and value.isascii() and "_" not in value and len(value) <= LONGEST_NUMBER else None


def _boolean(value: str) -> str | None:
    return value.lower() if value.lower() in {"true", "false"} else None


TYPES: Mapping[VariableType, tuple[Callable[[str], str | None], str, str]] = {
    "text": (_text, "text", "some words"),
    "url": (_url, "a web address without a password or key", "https://api-eu01.central.sophos.com"),
    "uuid": (_uuid, "a UUID", "4f8a1d1e-2f0c-4c3b-9a55-0d7f1c1f8e11"),
    "host": (_host, "the name or address of a host", "files.example.com"),
    "number": (_number, "a number", "12.5"),
    "boolean": (_boolean, "true or false", "true"),
}
