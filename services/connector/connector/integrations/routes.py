"""Routes of the integrations."""

import asyncio
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from connector.integrations.archiving import archive, delete_integration, restore
from connector.integrations.checking import check
from connector.integrations.copying import copy
from connector.integrations.editing import edit_integration
from connector.integrations.gaps import all_gaps, own_gaps
from connector.integrations.integrations import Stored, add_integration, stored_integration, stored_integrations
from connector.integrations.launching import launch, pause, release_from_quarantine, resume
from connector.integrations.previewing import MOST, USUAL, preview
from connector.scope import InCaller, InParts, Parts
from shared.api.checks import CheckOut
from shared.api.integrations import CopyIn, IntegrationIn, IntegrationOut, IntegrationPatch, PreviewOut
from shared.http.paging import Page

router = APIRouter(prefix="/integrations", tags=["integrations"])


@router.post("", status_code=201)
async def add(given: IntegrationIn, parts: InParts, caller: InCaller) -> IntegrationOut:
    """Store a new integration, as a draft."""
    manifest = parts.providers.get(given.provider).manifest
    async with parts.units.begin(actor=caller.actor) as unit:
        integration_id = await add_integration(unit.session, given, manifest)
    return await _shown(parts, integration_id, caller.actor)


@router.get("")
async def list_all(parts: InParts, caller: InCaller, *, archived: bool = False) -> Page[IntegrationOut]:
    """Return the archived integrations, or all the others.

    Only drafts are asked about their mapping: the others had it when they were launched.
    """
    async with parts.database.reading() as session:
        found = await stored_integrations(session, archived=archived)
    return Page(items=list(await asyncio.gather(*(_listed(parts, stored, caller.actor) for stored in found))))


@router.get("/{integration_id}")
async def read(integration_id: UUID, parts: InParts, caller: InCaller) -> IntegrationOut:
    """Return one integration, and what is still missing."""
    return await _shown(parts, integration_id, caller.actor)


@router.patch("/{integration_id}")
async def change(integration_id: UUID, patch: IntegrationPatch, parts: InParts, caller: InCaller) -> IntegrationOut:
    """Change what is given."""
    await edit_integration(parts, integration_id, patch, actor=caller.actor)
    return await _shown(parts, integration_id, caller.actor)


@router.post("/{integration_id}/launch")
async def launch_one(integration_id: UUID, parts: InParts, caller: InCaller) -> IntegrationOut:
    """Make a complete draft active."""
    warnings = await launch(parts, integration_id, actor=caller.actor)
    return (await _shown(parts, integration_id, caller.actor)).model_copy(update={"warnings": warnings})


@router.post("/{integration_id}/pause")
async def pause_one(integration_id: UUID, parts: InParts, caller: InCaller) -> IntegrationOut:
    """Keep an active integration from running."""
    await pause(parts, integration_id, actor=caller.actor)
    return await _shown(parts, integration_id, caller.actor)


@router.post("/{integration_id}/resume")
async def resume_one(integration_id: UUID, parts: InParts, caller: InCaller) -> IntegrationOut:
    """Let a paused integration run again."""
    await resume(parts, integration_id, actor=caller.actor)
    return await _shown(parts, integration_id, caller.actor)


@router.post("/{integration_id}/release")
async def release_one(integration_id: UUID, parts: InParts, caller: InCaller) -> IntegrationOut:
    """End an integration's quarantine."""
    await release_from_quarantine(parts, integration_id, actor=caller.actor)
    return await _shown(parts, integration_id, caller.actor)


@router.post("/{integration_id}/archive")
async def archive_one(integration_id: UUID, parts: InParts, caller: InCaller) -> IntegrationOut:
    """Put an integration aside."""
    await archive(parts, integration_id, actor=caller.actor)
    return await _shown(parts, integration_id, caller.actor)


@router.post("/{integration_id}/restore")
async def restore_one(integration_id: UUID, parts: InParts, caller: InCaller) -> IntegrationOut:
    """Make an archived integration a draft."""
    await restore(parts, integration_id, actor=caller.actor)
    return await _shown(parts, integration_id, caller.actor)


@router.post("/{integration_id}/copy", status_code=201)
async def copy_one(integration_id: UUID, given: CopyIn, parts: InParts, caller: InCaller) -> IntegrationOut:
    """Store a copy, as a draft."""
    return await _shown(parts, await copy(parts, integration_id, given.name, actor=caller.actor), caller.actor)


@router.delete("/{integration_id}", status_code=204)
async def delete_one(integration_id: UUID, parts: InParts, caller: InCaller) -> None:
    """Delete an archived integration, or a draft that never ran."""
    await delete_integration(parts, integration_id, actor=caller.actor)


@router.post("/{integration_id}/preview")
async def preview_one(
    integration_id: UUID, parts: InParts, caller: InCaller, *, limit: Annotated[int, Query(ge=1, le=MOST)] = USUAL
) -> PreviewOut:
    """Return the first records as the source gives them; nothing is stored."""
    del caller
    return await preview(parts, integration_id, most=limit)


@router.post("/{integration_id}/check")
async def check_one(integration_id: UUID, parts: InParts, caller: InCaller) -> CheckOut:
    """Return what would become of a real page, and what speaks against launching; nothing is stored."""
    return await check(parts, integration_id, actor=caller.actor)


async def _shown(parts: Parts, integration_id: UUID, actor: str) -> IntegrationOut:
    async with parts.database.reading() as session:
        stored = await stored_integration(session, integration_id)
    return stored.shown(parts.providers.get(stored.row.provider).manifest, await all_gaps(parts, stored, actor=actor))


async def _listed(parts: Parts, stored: Stored, actor: str) -> IntegrationOut:
    manifest = parts.providers.get(stored.row.provider).manifest
    gaps = await all_gaps(parts, stored, actor=actor) if stored.row.state == "draft" else own_gaps(stored, manifest)
    return stored.shown(manifest, gaps)
