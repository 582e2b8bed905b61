"""Pages of lists that are sorted by id, the newest first."""

from collections.abc import Sequence
from typing import Annotated, TypeVar
from uuid import UUID

from fastapi import Query

from shared.api.workflows import WorkflowOut, WorkflowRunOut
from shared.http.paging import LARGEST_PAGE, PAGE_SIZE, Page, encode_cursor, id_in

Limit = Annotated[int, Query(ge=1, le=LARGEST_PAGE)]
DEFAULT_LIMIT = PAGE_SIZE


T = TypeVar("T", WorkflowOut, WorkflowRunOut)


def after(cursor: str | None) -> UUID | None:
    """Return the id after which the list goes on. Raises `BadCursor`."""
    return None if cursor is None else id_in(cursor)


def page_of(items: Sequence[T], limit: int, total: int | None = None) -> Page[T]:
    """Return the page of at most `limit` items; one item more than that says that there is another page."""
    shown = list(items[:limit])
    more = encode_cursor([str(shown[-1].id)]) if len(items) > limit else None
    return Page(items=shown, next_cursor=more, total=total)
