"""What the workflow engine asks the mapper: records as rules see them, and leave to destroy."""

from typing import Any
from uuid import UUID

from shared.api.fields import FieldOut
from shared.api.guard import LeaveAnswer, LeaveBackIn, LeaveIn, LeaveOut
from shared.api.records import FlatRecord, RecordQuery
from shared.events.records import RecordType
from shared.http.client import ServiceClient
from shared.http.paging import Page


class MapperClient(ServiceClient):
    """Record queries, and the guard on losses."""

    audience = "mapper"

    async def query(self, record_type: RecordType, query: RecordQuery, *, actor: str) -> Page[FlatRecord]:
        """Return one page of records."""
        answer = await self.call("POST", f"/internal/records/{record_type}/query", actor=actor, body=query)
        return Page[FlatRecord].model_validate(answer)

    async def fields_of(self, record_type: RecordType, ids: list[UUID], *, actor: str) -> dict[UUID, dict[str, Any]]:
        """Return the present fields of at most 1,000 records by id; who is not there is left out."""
        if not ids:
            return {}
        page = await self.query(record_type, RecordQuery(ids=ids, limit=len(ids)), actor=actor)
        return {record.id: record.fields for record in page.items}

    async def fields(self, record_type: RecordType, *, actor: str) -> list[FieldOut]:
        """Return the fields of an object type."""
        answer = await self.call("GET", "/internal/fields", actor=actor, params={"object_type": record_type})
        return Page[FieldOut].model_validate(answer).items

    async def leave(self, given: LeaveIn, *, actor: str) -> list[LeaveAnswer]:
        """Return which steps may destroy something; one whose record is not there has no answer."""
        return LeaveOut.model_validate(await self.call("POST", "/internal/guard/leave", actor=actor, body=given)).answers

    async def give_leave_back(self, given: LeaveBackIn, *, actor: str) -> None:
        """Say which leaves were not used: nothing was destroyed."""
        await self.call("POST", "/internal/guard/leave/back", actor=actor, body=given)
