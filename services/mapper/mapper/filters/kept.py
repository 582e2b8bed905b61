"""Who was held back by a filter: the first records of each run are kept for a while, with the conditions that they failed."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from mapper.fields.values import storable
from mapper.records.many import put
from mapper.tables import FILTERED
from shared.api.filters import FilteredOut, FilterReason
from shared.clock import now
from shared.events.sources import UsersObserved
from shared.http.paging import Page, decode_cursor, encode_cursor
from shared.rules.evaluate import Reason
from shared.rules.reading import path_of

MOST_KEPT = 1000
"""Of one run. Its books count all of them."""
LONGEST_SHOWN = 200
LARGEST_PLACE = 2**31 - 1


async def keep_filtered(
    session: AsyncSession, event: UsersObserved, mapping_version: int, held_back: Sequence[tuple[str, Sequence[Reason]]]
) -> None:
    """Keep those of a page's records for which there is still room."""
    if not held_back:
        return
    run_id = event.provenance.run_id
    room = MOST_KEPT - (await session.scalar(select(func.count()).select_from(FILTERED).where(FILTERED.c.run_id == run_id)) or 0)
    common = {
        "run_id": run_id,
        "page": event.page,
        "integration_id": event.provenance.integration_id,
        "mapping_version": mapping_version,
        "fetched_at": event.fetched_at,
        "kept_at": now(),
    }
    rows = [
        {**common, "place": place, "source_id": source_id, "reasons": [_told(reason) for reason in reasons]}
        for place, (source_id, reasons) in enumerate(held_back[: max(room, 0)])
    ]
    await put(session, FILTERED, rows)


async def list_filtered(session: AsyncSession, run_id: UUID, *, cursor: str | None, limit: int) -> Page[FilteredOut]:
    """Return the records of a run that are kept, in the order in which they were read. Raises `BadCursor`."""
    table = FILTERED.c
    statement = select(FILTERED).where(table.run_id == run_id).order_by(table.page, table.place).limit(limit + 1)
    if cursor is not None:
        page, place = (min(max(number, 0), LARGEST_PLACE) for number in decode_cursor(cursor, 2, int))
        statement = statement.where((table.page > page) | ((table.page == page) & (table.place > place)))
    rows = (await session.execute(statement)).all()
    more = encode_cursor([rows[limit - 1].page, rows[limit - 1].place]) if len(rows) > limit else None
    return Page(items=[FilteredOut.model_validate(row) for row in rows[:limit]], next_cursor=more)


def _told(reason: Reason) -> dict[str, Any]:
    condition = reason.condition.model_dump(mode="json")
    path = path_of(("rule",), reason.path)
    return FilterReason(path=path, found=_cut(reason.value), **condition).model_dump(mode="json")


def _cut(value: Any) -> Any:
    match value:
        case str():
            return storable(value[:LONGEST_SHOWN])
        case list():
            return [_cut(item) for item in value[:10]]
        case _:
            return value
