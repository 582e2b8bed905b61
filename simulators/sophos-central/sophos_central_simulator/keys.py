"""Key paging: pages that begin at an opaque key, which stays good while rows come and go."""

import binascii
import math
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Iterable
from itertools import islice
from typing import Any

from orjson import JSONDecodeError, dumps, loads

from sophos_central_simulator.queries import Query, partial
from sophos_central_simulator.selecting import Order, in_order

Json = dict[str, Any]


def key_of_row(row: Json, order: Order) -> str:
    """Return the key of the page that begins with this row."""
    return urlsafe_b64encode(dumps([row["id"], *(row.get(name) for name, _descending in order)])).rstrip(b"=").decode()


def row_of_key(query: Query, order: Order) -> Json:
    """Return what the key of a request says of its first row; empty without one. Raises `Refused` (400)."""
    text = query.params.get("pageFromKey", "")
    if not text:
        return {}
    try:
        one, *values = loads(urlsafe_b64decode(text.encode() + b"=" * (-len(text) % 4)))
        if len(one) == 36 and int(one[:8] + one[9:13], 16) >= 0 and len(values) == len(order):
            return {"id": one, **{name: value for (name, _descending), value in zip(order, values, strict=True)}}
    except (ValueError, TypeError, binascii.Error, JSONDecodeError):
        pass
    query.malformed("pageFromKey")
    return {}


def sorted_from(rows: list[Json], order: Order, first: Json) -> list[Json]:
    """Return the rows in order, from where the key's row stands or stood."""
    complete: Order = (*order, ("id", False))
    # The key's row stands before its equals, because sorting keeps their places; so it is found where the page begins.
    ordered = in_order([first, *rows] if first else rows, complete)
    if not first:
        return ordered
    at = next(number for number, row in enumerate(ordered) if row is first)
    return ordered[at + 1 :]


def cut(rows: Iterable[Json], size: int) -> tuple[list[Json], Json | None]:
    """Return the rows of one page, and the first of the next."""
    taken = list(islice(rows, size + 1))
    return (taken[:size], taken[size]) if len(taken) > size else (taken, None)


def keyed_page(
    query: Query, largest: int, order: Order, rows: Iterable[Json], *, count: Callable[[], int], shown: Callable[[Json], Json]
) -> Json:
    """Return the page that begins with the first of `rows`; `count` says how many there are in all. Raises `Refused` (400)."""
    size = query.size(largest)
    items, following = cut(rows, size)
    pages: Json = {"size": size, "maxSize": largest}
    if items:
        pages["fromKey"] = key_of_row(items[0], order)
    if following is not None:
        pages["nextKey"] = key_of_row(following, order)
    elif query.switches.next_key_at_end == "empty":
        pages["nextKey"] = ""
    if query.wants_total():
        total = count()
        pages.update(total=math.ceil(total / size), items=total)
    names = query.many("fields")
    return {"items": [partial(shown(row), names) for row in items], "pages": pages}
