"""Setting tombstones for those who were deleted at a source, finding them again, and noting who came back."""

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, bindparam, select, union_all, update
from sqlalchemy.ext.asyncio import AsyncSession

from mapper.fields.values import unique_key
from mapper.records.changing import Draft
from mapper.records.loading import portions
from mapper.records.many import among, put
from mapper.tables import LINKS, TOMBSTONES
from shared.clock import now
from shared.events.records import Cause

REPLACED = ("email_key", "person_id", "saas_user_id", "deleted_at", "cause", "returned_at", "returned_as")


@dataclass(slots=True)
class Buried:
    """The tombstones that a page's records may belong to."""

    by_source_id: dict[str, Row[Any]] = field(default_factory=dict)
    by_email: dict[str, Row[Any]] = field(default_factory=dict)

    def of(self, source_id: str, email_key: str | None) -> Row[Any] | None:
        """Return the tombstone of a record: that of its id, else that of its e-mail address."""
        return self.by_source_id.get(source_id) or self.by_email.get(email_key or "")

    def of_person(self, source_id: str, email_key: str | None, person_id: UUID | None, there: Container[UUID]) -> Row[Any] | None:
        """Return a record's tombstone if it is this person's, or of one who is kept no longer (not among those who are `there`)."""
        row = self.of(source_id, email_key)
        return row if row is not None and (row.person_id == person_id or row.person_id not in there) else None

    @property
    def people(self) -> set[UUID]:
        """Whose tombstones they are; not all need be there still."""
        return {row.person_id for row in (*self.by_source_id.values(), *self.by_email.values())}


async def bury(session: AsyncSession, drafts: Mapping[UUID, Draft], cause: Cause) -> None:
    """Set a tombstone for each id that a source had for these SaaS users. Deleted once more, the newest deletion stands."""
    at = now()
    rows = []
    for portion in portions(drafts):
        links = await session.execute(select(LINKS).where(LINKS.c.saas_user_id.in_(portion)).order_by(LINKS.c.source_id))
        rows += [_row(link, drafts[link.saas_user_id], drafts[link.saas_user_id].cause or cause, at) for link in links]
    await put(session, TOMBSTONES, rows, replacing=REPLACED)


async def buried(session: AsyncSession, integration_id: UUID, source_ids: Iterable[str], email_keys: Iterable[str]) -> Buried:
    """Return the tombstones with one of these ids or addresses, the newest for each address, in one statement."""
    found = Buried()
    ids, emails = list(source_ids), list(email_keys)
    if not ids and not emails:
        return found
    theirs = TOMBSTONES.c.integration_id == integration_id
    # Two lookups joined, not one OR: each takes its own index.
    by_id = select(TOMBSTONES).where(among(session, TOMBSTONES.c.source_id, "ids"), theirs)
    by_email = select(TOMBSTONES).where(among(session, TOMBSTONES.c.email_key, "emails"), theirs)
    rows = await session.execute(union_all(by_id, by_email), {"ids": ids, "emails": emails})
    for row in sorted(rows, key=lambda row: row.deleted_at):
        found.by_source_id[row.source_id] = row
        if row.email_key is not None:
            found.by_email[row.email_key] = row
    return found


async def came_back(session: AsyncSession, integration_id: UUID, returned: Mapping[UUID, str], at: datetime) -> None:
    """Note who is there again, by person and under which source id, on the tombstones that have no return yet."""
    if not returned:
        return
    theirs = (
        TOMBSTONES.c.person_id == bindparam("who"),
        TOMBSTONES.c.integration_id == bindparam("where"),
        TOMBSTONES.c.returned_at.is_(None),
    )
    rows = [{"who": person_id, "where": integration_id, "back_as": source_id} for person_id, source_id in returned.items()]
    await session.execute(update(TOMBSTONES).where(*theirs).values(returned_at=at, returned_as=bindparam("back_as")), rows)


def _row(link: Row[Any], draft: Draft, cause: Cause, at: datetime) -> dict[str, Any]:
    email = draft.fields.get("email")
    return {
        "source_id": link.source_id,
        "integration_id": link.integration_id,
        "email_key": unique_key(email) if email else None,
        "person_id": link.person_id,
        "saas_user_id": link.saas_user_id,
        "deleted_at": at,
        "cause": cause.model_dump(),
        "returned_at": None,
        "returned_as": None,
    }
