"""Pages of the gateway's own lists, and what the other services' lists are asked for."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Annotated, Any, TypeVar
from uuid import UUID

from fastapi import Depends, Query

from api_gateway.api.v1.routing import Cursor, Limit
from api_gateway.clients.listing import ListQuery
from shared.http.paging import PAGE_SIZE, BadCursor, Page, decode_cursor, encode_cursor

T = TypeVar("T")
K = TypeVar("K", str, int, UUID)

CountRecords = Annotated[
    bool, Query(description="Also say how many there are in all: exactly up to 10,000, beyond it an estimate, which says so.")
]


def records_wanted(
    *,
    filter: Annotated[str | None, Query(max_length=20_000, description="A rule, as JSON.")] = None,  # noqa: A002 - the public name
    sort: Annotated[str | None, Query(max_length=100, description="A field; `-` before it for descending.")] = None,
    fields: Annotated[
        str | None, Query(max_length=20_000, description="The fields wanted, with commas between them; all that have a value without it.")
    ] = None,
    cursor: Cursor = None,
    limit: Limit = PAGE_SIZE,
    count: CountRecords = False,
) -> ListQuery:
    """Read the query parameters of a list of records."""
    return ListQuery(filter=filter, sort=sort, fields=fields, cursor=cursor, limit=limit, count=count)


def people_wanted(
    ask: Annotated[ListQuery, Depends(records_wanted)],
    search: Annotated[
        str | None,
        Query(max_length=500, description="Words: people in whom each of them begins a word. Case and accents do not matter."),
    ] = None,
) -> ListQuery:
    """Read the query parameters of the list of People."""
    return replace(ask, search=search)


def after(cursor: str | None, kind: type[K]) -> K | None:
    """Return the sort key after which a list goes on. Raises `BadCursor`."""
    if cursor is None:
        return None
    (value,) = decode_cursor(cursor, 1, int if kind is int else str)
    try:
        return kind(value)
    except ValueError as error:
        raise BadCursor("the cursor belongs to another list") from error


def page_of(items: Sequence[T], limit: int, key: Callable[[T], Any], total: int | None) -> Page[T]:
    """Return the page of at most `limit` items; one item more than that says that there is another page."""
    shown = list(items[:limit])
    more = encode_cursor([key(shown[-1])]) if len(items) > limit else None
    return Page(items=shown, next_cursor=more, total=total)
