"""Reading a list to its end, page by page, for whoever writes it."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

from api_gateway.clients.listing import ListQuery
from api_gateway.clients.mapper import MapperClient
from api_gateway.exports.csv_file import Rows
from api_gateway.exports.shapes import Headings
from shared.api.assets import AssetOut
from shared.api.lists import ListIn
from shared.api.people import PersonOut
from shared.api.records import RecordPage
from shared.api.saas_users import SaasUserOut
from shared.errors import Invalid
from shared.events.records import RecordType
from shared.http.paging import LARGEST_PAGE

Records = RecordPage[PersonOut] | RecordPage[SaasUserOut] | RecordPage[AssetOut]

MOST_WITHOUT_INDEX = 10_000
"""Records of a list in an order that no index has: each page of it would be looked for among all records again."""


class ExportTooLarge(Invalid):
    """A list is longer than an export may be."""

    code = "export_too_large"


class ExportNotSorted(Invalid):
    """A long list cannot be exported in an order that no index has."""

    code = "export_not_sorted"


@dataclass(slots=True)
class Reading:
    """A list that is being read: its columns, its first rows, and those that follow."""

    mapper: MapperClient
    object_type: RecordType
    asked: ListIn
    actor: str
    keys: list[str]
    headings: list[str]
    first: Records

    @property
    def first_rows(self) -> Rows:
        """The rows of the first page."""
        return self._rows(self.first)

    async def other_rows(self) -> AsyncIterator[Rows]:
        """Give the rows of each further page."""
        cursor = self.first.next_cursor
        while cursor is not None:
            ask = ListQuery.of(self.asked, cursor=cursor, limit=LARGEST_PAGE)
            page = await self.mapper.records(self.object_type, ask, actor=self.actor)
            yield self._rows(page)
            cursor = page.next_cursor

    def _rows(self, page: Records) -> Rows:
        return [[str(record.id), *(record.fields.get(key) for key in self.keys)] for record in page.items]


async def begun(mapper: MapperClient, object_type: RecordType, asked: ListIn, headings: Headings, *, most: int, actor: str) -> Reading:
    """Check a list and read its first page: whatever is wrong is said before anything is sent.

    Raises `ExportTooLarge`, `ExportNotSorted`, and what the mapper says of the list.
    """
    check = await mapper.check_list(object_type, asked, actor=actor, count_to=most)
    records = check.records or 0
    if records > most:
        remedy = "Narrow the rule, or raise ROLLCALL_GATEWAY_EXPORT_RECORDS."
        problem = {"field": "rule", "message": f"finds more than {most} records", "remedy": remedy}
        raise ExportTooLarge(f"an export holds at most {most} records", remedy=remedy, fields=[problem])
    if not check.by_index and records > MOST_WITHOUT_INDEX:
        remedy = "Leave `sort` out, sort by email, or sort the file."
        problem = {"field": "sort", "message": f"is for lists of at most {MOST_WITHOUT_INDEX} records", "remedy": remedy}
        raise ExportNotSorted(f"{records} records are too many to be exported in this order", remedy=remedy, fields=[problem])
    known = {field.key: field.label for field in (await mapper.fields(object_type, actor=actor)).items}
    keys = asked.fields or list(known)
    whole = asked.model_copy(update={"fields": keys})
    first = await mapper.records(object_type, ListQuery.of(whole, limit=LARGEST_PAGE), actor=actor)
    titles = ["id", *(known.get(key, key) if headings == "labels" else key for key in keys)]
    return Reading(mapper, object_type, whole, actor, keys, titles, first)
