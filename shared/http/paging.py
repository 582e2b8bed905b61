"""Cursor paging: opaque, stable while rows come and go, one shape for every list."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any, Generic, TypeVar

import orjson
from pydantic import BaseModel, Field

from shared.errors import Invalid

T = TypeVar("T")

PAGE_SIZE = 50
LARGEST_PAGE = 500


class BadCursor(Invalid):
    """A cursor is not one that we gave."""

    code = "bad_cursor"


class Page(BaseModel, Generic[T]):
    """One page of a list. `next_cursor` is null on the last page; `total` is given only when it was asked for."""

    items: list[T]
    next_cursor: str | None = None
    total: int | None = Field(default=None, description="How many there are in all; only with `count=true`.")


def encode_cursor(values: list[Any]) -> str:
    """Return the cursor that continues after `values` (the sort key of the last row)."""
    return urlsafe_b64encode(orjson.dumps(values)).decode().rstrip("=")


def decode_cursor(cursor: str, length: int) -> list[Any]:
    """Return the sort key in `cursor`. Raises `BadCursor`."""
    try:
        values = orjson.loads(urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except ValueError as error:
        raise BadCursor("the cursor cannot be read", remedy="Use next_cursor as it was given, or leave it out.") from error
    if not isinstance(values, list) or len(values) != length:
        raise BadCursor("the cursor belongs to another list", remedy="Use next_cursor as it was given, or leave it out.")
    return values
