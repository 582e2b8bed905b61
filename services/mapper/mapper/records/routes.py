"""Records as other services ask for them: flat, by rule or by id."""

from fastapi import APIRouter

from mapper.records.changing import TABLES
from mapper.records.listing import Wanted, listed, rule_from
from mapper.scope import InReading
from shared.api.records import FlatRecord, RecordQuery
from shared.events.records import RecordType
from shared.http.paging import Page

router = APIRouter(prefix="/records", tags=["records"])


@router.post("/{record_type}/query")
async def query(record_type: RecordType, given: RecordQuery, session: InReading) -> Page[FlatRecord]:
    """Return records that match a rule, or that have these ids."""
    ask = Wanted(rule=None if given.rule is None else rule_from(given.rule), cursor=given.cursor, limit=given.limit)
    by_id = [TABLES[record_type].c.id.in_(given.ids)] if given.ids is not None else []
    rows, cursor, _ = await listed(session, record_type, ask, *by_id)
    return Page(items=[FlatRecord(id=row.id, revision=row.revision, fields=row.fields) for row in rows], next_cursor=cursor)
