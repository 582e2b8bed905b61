"""Archiving people, and restoring them: kept with all that is known, out of lists, and written by no source."""

from uuid import UUID

from mapper.fields.fields import fields_of, untold_of
from mapper.merging.leading import not_there
from mapper.people.people import read_person
from mapper.records.changing import Draft, write
from mapper.records.loading import drafts_of
from mapper.records.patching import RecordPutAway
from shared.api.people import PersonOut
from shared.clock import now
from shared.events.records import Cause
from shared.unit import Unit


async def archive(unit: Unit, person_id: UUID) -> PersonOut:
    """Archive a person; one who is archived stays so. Raises `RecordNotFound`, `RecordPutAway` when anonymised."""
    draft = await person_draft(unit, person_id)
    if draft.columns["archived_at"] is None:
        draft.columns["archived_at"], draft.kind = now(), "archived"
        await write_by_hand(unit, draft, "archived by hand")
    return await read_person(unit.session, person_id)


async def restore(unit: Unit, person_id: UUID) -> PersonOut:
    """Restore a person; one who is active stays so. Raises `RecordNotFound`, `RecordPutAway` when anonymised."""
    draft = await person_draft(unit, person_id)
    if draft.columns["archived_at"] is not None:
        draft.columns["archived_at"], draft.kind = None, "restored"
        await write_by_hand(unit, draft, "restored by hand")
    return await read_person(unit.session, person_id)


async def person_draft(unit: Unit, person_id: UUID) -> Draft:
    """Return a person, locked. Raises `RecordNotFound`, `RecordPutAway` when anonymised."""
    draft = (await drafts_of(unit.session, "person", [person_id])).get(person_id)
    if draft is None:
        raise await not_there(unit.session, person_id)
    if draft.columns["anonymised_at"] is not None:
        raise RecordPutAway("the person is anonymised", remedy="Nothing can be done with them any more.")
    return draft


async def write_by_hand(unit: Unit, draft: Draft, detail: str) -> None:
    """Write a person's draft in the name of whoever asks."""
    cause = Cause(kind="user", id=str(unit.correlation_id), actor=unit.actor, detail=detail)
    await write(unit, "person", [draft], cause=cause, untold=untold_of(await fields_of(unit.session, "person")))
