"""Stored mappings: versions that never change, and whether one is ready for launch."""

from typing import Any
from uuid import UUID

from pydantic import TypeAdapter
from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncSession

from mapper.fields.fields import fields_of, require_known
from mapper.filters.checking import require_fitting_filter
from mapper.mappings.checking import require_clearable, require_distinct_api_fields, require_fitting_sources
from mapper.mappings.evaluate import targets_of
from mapper.matching.checking import require_sync_keys
from mapper.matching.defining import SYNC_KEYS, define_keys
from mapper.matching.keys import fields_of_key, in_words
from mapper.samples.samples import require_samples_met, unmet
from mapper.tables import MAPPING_VERSIONS
from shared.api.base import Gap
from shared.api.mapped_from import MappedFrom
from shared.api.mappings import MADE_OF, MappedType, MappingIn, MappingOut
from shared.clock import now
from shared.db.upsert import insert_for
from shared.errors import Conflict
from shared.events.sources import ObservedType
from shared.observability.logging import get_logger

log = get_logger(__name__)

MANDATORY: dict[MappedType, tuple[str, ...]] = {"person": ("username", "email", "role"), "asset": ("device_id",)}
CONTENT = ("object_type", "targets", "sync_keys", "clears", "restores_archived", "filter", "api_fields")
"""What makes two versions the same mapping, whoever stored them and why."""
TARGETS: TypeAdapter[dict[str, MappedFrom]] = TypeAdapter(dict[str, MappedFrom])


class MappingIncomplete(Conflict):
    """An integration that runs would be left without what every record needs."""

    code, title = "mapping_incomplete", "The mapping is not complete"


class MappingChanged(Conflict):
    """Somebody else stored a version meanwhile."""

    code = "mapping_changed"


async def current(session: AsyncSession, integration_id: UUID) -> MappingOut:
    """Return the newest version; version 0 is the empty mapping of an integration that has none."""
    newest = (
        select(MAPPING_VERSIONS)
        .where(MAPPING_VERSIONS.c.integration_id == integration_id)
        .order_by(MAPPING_VERSIONS.c.version.desc())
        .limit(1)
    )
    row = (await session.execute(newest)).one_or_none()
    return empty(integration_id) if row is None else read(row)


def empty(integration_id: UUID) -> MappingOut:
    """Return version 0: nothing is mapped."""
    return MappingOut(integration_id=integration_id, version=0, targets={}, sync_keys=[], author=None, created_at=None)


def read(row: Row[Any]) -> MappingOut:
    """Return a stored version."""
    return MappingOut(
        integration_id=row.integration_id,
        version=row.version,
        object_type=row.object_type,
        targets=TARGETS.validate_python(row.targets),
        sync_keys=row.sync_keys,
        finds_by=in_words(row.object_type, SYNC_KEYS.validate_python(row.sync_keys)),
        clears=row.clears,
        restores_archived=row.restores_archived,
        filter=row.filter,
        api_fields=row.api_fields,
        author=row.author,
        note=row.note,
        restored_from=row.restored_from,
        created_at=row.created_at,
    )


async def save(
    session: AsyncSession, integration_id: UUID, given: MappingIn, *, author: str, restored_from: int | None = None, complete: bool = False
) -> MappingOut:
    """Store a new version; the same mapping again stores nothing. `complete`: the integration runs, so nothing may be missing in it.

    Raises `MappingIncomplete`, `UnknownField`, `BadSyncKey`, `NotClearable`, `BadMappingSource`, `BadApiField`, `BadRule`,
    `PinnedSampleBroken`, `MappingChanged`.
    """
    before = await current(session, integration_id)
    await require_sound(session, integration_id, given, before, complete=complete)
    if same_content(before, given):
        return before
    await define_keys(session, given)
    row = {
        "integration_id": integration_id,
        "version": before.version + 1,
        "author": author,
        "note": given.note,
        "restored_from": restored_from,
        "created_at": now(),
        **given.model_dump(mode="json", include=set(CONTENT)),
    }
    stored = insert_for(session, MAPPING_VERSIONS).values(row).on_conflict_do_nothing()
    if (await session.execute(stored.returning(MAPPING_VERSIONS.c.version))).first() is None:
        raise _changed("somebody else stored this mapping at the same moment")
    log.info("mapping_stored", integration_id=str(integration_id), version=before.version + 1, author=author)
    return await current(session, integration_id)


async def require_sound(session: AsyncSession, integration_id: UUID, given: MappingIn, before: MappingOut, *, complete: bool) -> None:
    """Raise what storing a mapping after `before` raises."""
    if complete and (missing := _missing(given, given.object_type)):
        raise _incomplete(missing)
    known = await fields_of(session, given.object_type)
    require_known(given.targets, known, place="targets")
    require_known([field for key in given.sync_keys for field in fields_of_key(key)], known, place="sync_keys")
    require_sync_keys(given, known)
    require_clearable(given, known)
    require_fitting_sources(given, known)
    require_fitting_filter(given, known)
    require_distinct_api_fields(given)
    if given.based_on is not None and given.based_on != before.version:
        raise _changed(f"version {before.version} is newer than the version {given.based_on} that was changed")
    if not same_content(before, given):
        await require_samples_met(session, integration_id, targets_of(given.targets, known))


def same_content(before: MappingOut, given: MappingIn) -> bool:
    """Return whether a mapping is what is stored already."""
    return before.version > 0 and all(getattr(before, part) == getattr(given, part) for part in CONTENT)


def _changed(message: str) -> MappingChanged:
    fields = [{"field": "based_on", "message": "is not the newest version"}]
    return MappingChanged(message, remedy="Read the newest version, then change it.", fields=fields)


async def gaps(session: AsyncSession, integration_id: UUID, describes: ObservedType = "user") -> list[Gap]:
    """Return what the mapping lacks before its integration can be launched."""
    mapping = await current(session, integration_id)
    wanted = MADE_OF[describes]
    if mapping.version and mapping.object_type != wanted:
        message = f"the mapping is to fields of type {mapping.object_type}, and the source describes {describes}s"
        return [Gap(field="mapping.object_type", message=message, remedy=f"Map to fields of type {wanted}.")]
    missing = _missing(mapping, wanted)
    if broken := await unmet(session, integration_id, targets_of(mapping.targets, await fields_of(session, wanted))):
        names = ", ".join(sample.name for sample in broken)
        remedy = "Look at the pinned samples; mend the mapping, or what is expected of it."
        missing.append(Gap(field="mapping.samples", message=f"the mapping does not make what is expected of {names}", remedy=remedy))
    return missing


def _incomplete(missing: list[Gap]) -> MappingIncomplete:
    words = "; ".join(gap.message for gap in missing)
    remedy = "Keep what is named mapped, or archive the integration first: a draft may lack anything."
    return MappingIncomplete(f"the integration runs, and {words}", remedy=remedy, fields=[gap.model_dump() for gap in missing])


def _missing(mapping: MappingIn | MappingOut, wanted: MappedType) -> list[Gap]:
    missing = [
        Gap(field=f"mapping.{key}", message=f"{key} is not mapped", remedy=f"Map {key}; every {wanted} needs it.")
        for key in MANDATORY[wanted]
        if key not in mapping.targets
    ]
    if not mapping.sync_keys:
        remedy = f"Choose a unique field by which a record is found, such as {MANDATORY[wanted][-2:][0]}."
        missing.append(Gap(field="mapping.sync_keys", message="there is no sync key", remedy=remedy))
    return missing
