"""What changed in a record between two moments."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncSession

from mapper.history.as_of import State, of_record, require_past, state_at
from mapper.tables import REVISIONS
from shared.api.history import DiffOut, FieldDiff
from shared.clock import now
from shared.errors import Invalid
from shared.events.records import Cause, RecordType


class BadInterval(Invalid):
    """The second moment lies before the first."""

    code = "bad_interval"


async def diff(session: AsyncSession, record_type: RecordType, record_id: UUID, since: datetime, until: datetime | None) -> DiffOut:
    """Return what differs at `until` (now, if it is not given) from what was at `since`. Raises `BadInterval`, `RecordNotFound`, `NotYet`.

    A field that was changed and changed back does not differ; the number of revisions tells that something happened.
    """
    end = until or now()
    require_past(since, "from")
    require_past(end, "to")
    if end < since:
        fields = [{"field": "to", "message": "lies before `from`"}]
        raise BadInterval("the second moment lies before the first", remedy="Swap them.", fields=fields)
    before, after = await state_at(session, record_type, record_id, since), await state_at(session, record_type, record_id, end)
    between = (of_record(record_type, record_id), REVISIONS.c.revision > before.revision, REVISIONS.c.revision <= after.revision)
    rows = (await session.execute(select(REVISIONS).where(*between).order_by(REVISIONS.c.revision))).all()
    return DiffOut(
        record_type=record_type,
        record_id=record_id,
        since=since,
        until=end,
        existed=before.exists,
        exists=after.exists,
        revisions=len(rows),
        fields=_fields(before, after, {key: row for row in rows for key in row.changes}),
        compacted_before=max(filter(None, (before.compacted_before, after.compacted_before)), default=None),
    )


def _fields(before: State, after: State, last: dict[str, Row[Any]]) -> dict[str, FieldDiff]:
    pairs = {key: (before.fields.get(key), after.fields.get(key)) for key in sorted(last)}
    return {
        key: FieldDiff(before=was, after=is_now, at=last[key].at, revision=last[key].revision, cause=Cause.model_validate(last[key].cause))
        for key, (was, is_now) in pairs.items()
        if was != is_now
    }
