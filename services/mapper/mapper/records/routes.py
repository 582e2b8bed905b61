"""Records as other services ask for them: flat, by rule or by id."""

from fastapi import APIRouter

from mapper.records.changing import TABLES
from mapper.records.listing import Wanted, check_list, listed
from mapper.scope import InParts, InReading
from shared.api.lists import ListCheckIn, ListCheckOut
from shared.api.records import FlatRecord, RecordQuery
from shared.events.records import RecordType
from shared.http.paging import Page
from shared.rules.reading import read_rule

router = APIRouter(prefix="/records", tags=["records"])


@router.post("/{record_type}/query")
async def query(record_type: RecordType, given: RecordQuery, session: InReading, parts: InParts) -> Page[FlatRecord]:
    """Return records that match a rule, or that have these ids."""
    rule = None if given.rule is None else read_rule(given.rule, place="rule")
    ask = Wanted(parts.at(), rule=rule, place="rule", cursor=given.cursor, limit=given.limit, archived=None if given.ids else False)
    by_id = [TABLES[record_type].c.id.in_(given.ids)] if given.ids is not None else []
    page = await listed(session, record_type, ask, *by_id)
    return Page(items=[FlatRecord(id=row.id, revision=row.revision, fields=row.fields) for row in page.rows], next_cursor=page.cursor)


@router.post("/{record_type}/check")
async def check(record_type: RecordType, given: ListCheckIn, session: InReading, parts: InParts) -> ListCheckOut:
    """Say what is wrong with a list before it is kept or exported, and how long it is."""
    rule = None if given.rule is None else read_rule(given.rule, place="rule")
    ask = Wanted(parts.at(), rule=rule, place="rule", search=given.search, sort=given.sort, fields=given.fields)
    return await check_list(session, record_type, ask, given.count_to)
