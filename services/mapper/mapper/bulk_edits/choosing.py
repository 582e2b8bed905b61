"""Which records a bulk edit is about, and whether they are still the same."""

import hashlib
from collections.abc import Iterable, Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from mapper.records.changing import TABLES, Draft
from mapper.records.listing import Wanted, condition_of
from shared.api.fields import FieldOut
from shared.errors import Invalid
from shared.events.records import RecordType


class TooMany(Invalid):
    """More records than may be changed at once."""

    code = "too_many_records"


async def chosen(session: AsyncSession, record_type: RecordType, ask: Wanted, known: dict[str, FieldOut], *, most: int) -> Sequence[UUID]:
    """Return the ids of the records, in their order. Raises `TooMany`."""
    ids = TABLES[record_type].c.id
    found = select(ids).where(condition_of(session, record_type, ask, known)).order_by(ids).limit(most + 1)
    every = (await session.scalars(found)).all()
    if len(every) > most:
        remedy = "Narrow the rule, or raise ROLLCALL_MAPPER_BULK_EDIT_RECORDS."
        problem = {"field": "rule", "message": f"finds more than {most} records", "remedy": remedy}
        raise TooMany(f"a bulk edit changes at most {most} records", remedy=remedy, fields=[problem])
    return every


def fingerprint_of(drafts: Iterable[Draft]) -> str:
    """Return what two lists of records share only when the same records are in them, each in the same revision."""
    digest = hashlib.sha256()
    for draft in sorted(drafts, key=lambda draft: str(draft.id)):
        digest.update(f"{draft.id} {draft.revision}\n".encode())
    return digest.hexdigest()
