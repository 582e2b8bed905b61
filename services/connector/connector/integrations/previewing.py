"""A look at what an integration would fetch: ten raw records or as many as are asked for, ids that several share; nothing is stored."""

import asyncio
from collections import Counter
from collections.abc import Mapping
from uuid import UUID

from connector.integrations.access import access_for
from connector.rates.lane import urgent
from connector.scope import Parts
from connector.sources.base import Access, Source
from connector.sources.keeping import kept
from shared.api.integrations import PreviewOut, PreviewRecord
from shared.api.runs import RunNote
from shared.errors import Upstream

USUAL, MOST = 10, 100
PAGES = 20
"""Pages that are asked for before an empty preview is believed: tenants that are skipped and empty ones are pages too."""


class PreviewTimedOut(Upstream):
    """The source took too long for somebody who waits."""

    code, title = "preview_timed_out", "The source took too long"


async def preview(parts: Parts, integration_id: UUID, *, most: int) -> PreviewOut:
    """Return the first records, `most` of them. Raises `IntegrationIncomplete`, and whatever the source raises."""
    source, access = await access_for(parts, integration_id)
    try:
        async with asyncio.timeout(parts.settings.operation_seconds):
            with urgent():
                return await _looked(source, access, most)
    except TimeoutError:
        remedy = "Try again; a run is more patient."
        raise PreviewTimedOut("the source did not show its first records in time", remedy=remedy) from None


async def _looked(source: Source, access: Access, most: int) -> PreviewOut:
    session = await source.open(access)
    out = PreviewOut(records=[], notes=[], requests=0)
    cursor = None
    for _ in range(PAGES):
        page = kept(await session.page(cursor))
        out.records += [PreviewRecord(source_id=one.source_id, record=one.record) for one in page.users]
        out.records += [PreviewRecord(source_id=one.source_id, record=one.record or {}, problem=one.message) for one in page.rejected]
        out.notes += [RunNote(code=note.code, message=note.message, remedy=note.remedy, about=note.about) for note in page.notes]
        cursor = page.next
        if len(out.records) >= most or cursor is None:
            break
    times = Counter(one.source_id for one in out.records if one.source_id)
    several = {source_id: count for source_id, count in times.items() if count > 1}
    shown = [_flagged(one, several.get(one.source_id, 1)) for one in out.records[:most]]
    notes = [*out.notes, _of_same_id(several)] if several else out.notes
    return PreviewOut(records=shown, notes=notes, requests=session.requests)


def _flagged(one: PreviewRecord, count: int) -> PreviewRecord:
    """Return a record with what is wrong with its id, unless something else is wrong with it already."""
    if count == 1 or one.problem is not None:
        return one
    return one.model_copy(update={"problem": f"{count} of the records that were looked at have the id {one.source_id!r}"})


def _of_same_id(several: Mapping[str, int]) -> RunNote:
    """Name ids that do not tell records apart: most likely the id path leads to something else, such as a department."""
    first = next(iter(several))
    return RunNote(
        code="duplicate_ids",
        message=f"{sum(several.values())} of the records that were looked at share {len(several)} ids with each other",
        remedy="Check where the id of a record is (the input id_path, where there is one): it must differ for each, and must not change.",
        about=first,
    )
