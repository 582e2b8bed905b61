"""Stored mappings: versions that never change, and whether one is ready for launch."""

from typing import Any
from uuid import UUID

from pydantic import TypeAdapter
from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncSession

from mapper.fields.fields import fields_of, require_known
from mapper.filters.checking import require_fitting_filter
from mapper.mappings.checking import require_fitting_sources, require_sync_keys
from mapper.tables import MAPPING_VERSIONS
from shared.api.base import Gap
from shared.api.records import MappedFrom, MappingIn, MappingOut
from shared.clock import now
from shared.db.upsert import insert_for
from shared.errors import Conflict
from shared.observability.logging import get_logger

log = get_logger(__name__)

MANDATORY = ("username", "email", "role")
TARGETS: TypeAdapter[dict[str, MappedFrom]] = TypeAdapter(dict[str, MappedFrom])


class MappingChanged(Conflict):
    """Somebody else stored a version at the same moment."""

    code = "mapping_changed"


async def current(session: AsyncSession, integration_id: UUID) -> MappingOut:
    """Return the newest version; version 0 is the empty mapping of an integration that has none."""
    theirs = select(MAPPING_VERSIONS).where(MAPPING_VERSIONS.c.integration_id == integration_id)
    row = (await session.execute(theirs.order_by(MAPPING_VERSIONS.c.version.desc()).limit(1))).one_or_none()
    if row is None:
        return MappingOut(integration_id=integration_id, version=0, targets={}, sync_keys=[], author=None, created_at=None)
    return _shown(row)


async def of_version(session: AsyncSession, integration_id: UUID, version: int) -> MappingOut:
    """Return a version that there is."""
    theirs = (MAPPING_VERSIONS.c.integration_id == integration_id, MAPPING_VERSIONS.c.version == version)
    return _shown((await session.execute(select(MAPPING_VERSIONS).where(*theirs))).one())


def _shown(row: Row[Any]) -> MappingOut:
    return MappingOut(
        integration_id=row.integration_id,
        version=row.version,
        targets=TARGETS.validate_python(row.targets),
        sync_keys=row.sync_keys,
        filter=row.filter,
        author=row.author,
        created_at=row.created_at,
    )


async def save(session: AsyncSession, integration_id: UUID, given: MappingIn, *, author: str) -> MappingOut:
    """Store a new version; the same mapping again stores nothing.

    Raises `UnknownField`, `BadSyncKey`, `BadMappingSource`, `BadRule`, `MappingChanged`.
    """
    known = await fields_of(session, "person")
    require_known(given.targets, known, place="targets")
    require_known(given.sync_keys, known, place="sync_keys")
    require_sync_keys(given, known)
    require_fitting_sources(given, known)
    require_fitting_filter(given, known)
    before = await current(session, integration_id)
    if before.version and (before.targets, before.sync_keys, before.filter) == (given.targets, given.sync_keys, given.filter):
        return before
    row = {"integration_id": integration_id, "version": before.version + 1, "author": author, "created_at": now()}
    stored = insert_for(session, MAPPING_VERSIONS).values({**row, **given.model_dump(mode="json")}).on_conflict_do_nothing()
    if (await session.execute(stored.returning(MAPPING_VERSIONS.c.version))).first() is None:
        raise MappingChanged("somebody else stored this mapping at the same moment", remedy="Read it again, then change it.")
    log.info("mapping_stored", integration_id=str(integration_id), version=before.version + 1, author=author)
    return await current(session, integration_id)


async def gaps(session: AsyncSession, integration_id: UUID) -> list[Gap]:
    """Return what the mapping lacks before its integration can be launched."""
    mapping = await current(session, integration_id)
    missing = [
        Gap(field=f"mapping.{key}", message=f"{key} is not mapped", remedy=f"Map {key}; every person needs it.")
        for key in MANDATORY
        if key not in mapping.targets
    ]
    if not mapping.sync_keys:
        remedy = "Choose a unique field by which a person is found, such as email."
        missing.append(Gap(field="mapping.sync_keys", message="there is no sync key", remedy=remedy))
    return missing
