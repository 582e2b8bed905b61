"""Routes of the pinned samples."""

from uuid import UUID

from fastapi import APIRouter
from sqlalchemy.ext.asyncio import AsyncSession

from mapper.fields.fields import fields_of
from mapper.mappings.evaluate import Target, targets_of
from mapper.mappings.mappings import current
from mapper.samples.samples import add_sample, change_sample, list_samples, remove_sample
from mapper.scope import InReading, InRequest
from shared.api.samples import SampleIn, SampleOut
from shared.http.paging import Page

router = APIRouter(prefix="/integrations/{integration_id}/mapping/samples", tags=["mappings"])


@router.get("")
async def samples(integration_id: UUID, session: InReading) -> Page[SampleOut]:
    """Return the pinned samples, and what the newest version makes of each."""
    return await list_samples(session, integration_id, await _targets(session, integration_id))


@router.post("", status_code=201)
async def pin(integration_id: UUID, given: SampleIn, unit: InRequest) -> SampleOut:
    """Pin a record."""
    return await add_sample(unit.session, integration_id, given, await _targets(unit.session, integration_id), author=unit.actor)


@router.put("/{sample_id}")
async def change(integration_id: UUID, sample_id: UUID, given: SampleIn, unit: InRequest) -> SampleOut:
    """Replace a sample."""
    targets = await _targets(unit.session, integration_id)
    return await change_sample(unit.session, integration_id, sample_id, given, targets, author=unit.actor)


@router.delete("/{sample_id}", status_code=204)
async def remove(integration_id: UUID, sample_id: UUID, unit: InRequest) -> None:
    """Let a sample go."""
    await remove_sample(unit.session, integration_id, sample_id)


async def _targets(session: AsyncSession, integration_id: UUID) -> tuple[Target, ...]:
    mapping = await current(session, integration_id)
    return targets_of(mapping.targets, await fields_of(session, mapping.object_type))
