"""Cursor paging: opaque, stable while rows come and go, one shape for every list."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any, Generic, TypeVar
from uuid import UUID

import orjson
from pydantic import BaseModel, ConfigDict, Field

from shared.errors import Invalid

T = TypeVar("T")

PAGE_SIZE = 50
LARGEST_PAGE = 500
LARGEST_INTEGER = 2**63


AS_GIVEN = "Use next_cursor as it was given, or leave it out."


class BadCursor(Invalid):
    """A cursor is not one that we gave, or not one of this list."""

    code = "bad_cursor"

    def __init__(self, message: str, *, remedy: str | None = None) -> None:
        super().__init__(message, remedy=AS_GIVEN)
        if remedy is not None:
            self.remedy = remedy
        self.fields = [{"field": "cursor", "message": message.removeprefix("the cursor "), "remedy": self.remedy}]


class Page(BaseModel, Generic[T]):
    """One page of a list. `next_cursor` is null on the last page; `total` is given only when it was asked for."""

    model_config = ConfigDict(hide_input_in_errors=True)

    items: list[T]
    next_cursor: str | None = None
    total: int | None = Field(default=None, description="How many there are in all; only with `count=true`.")


def encode_cursor(values: list[Any]) -> str:
    """Return the cursor that continues after `values` (the sort key of the last row)."""
    return urlsafe_b64encode(orjson.dumps(values)).decode().rstrip("=")


def decode_cursor(cursor: str, length: int, kind: type[str] | type[int] = str) -> list[Any]:
    """Return the sort key in `cursor`: `length` values of `kind`. Raises `BadCursor`, also for what no database can compare."""
    try:
        values = orjson.loads(urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except ValueError as error:
        raise BadCursor("the cursor cannot be read") from error
    if not isinstance(values, list) or len(values) != length or not all(type(value) is kind and _storable(value) for value in values):
        raise BadCursor("the cursor belongs to another list")
    return values


def id_in(cursor: str) -> UUID:
    """Return the id in the cursor of a list that goes on behind an id. Raises `BadCursor`."""
    try:
        return UUID(decode_cursor(cursor, 1)[0])
    except ValueError as error:
        raise BadCursor("the cursor belongs to another list") from error


def _storable(value: str | int) -> bool:
    """Return whether both databases can take a value: PostgreSQL knows no NUL, and neither an integer of more than 64 bits."""
    return "\x00" not in value if isinstance(value, str) else abs(value) < LARGEST_INTEGER
