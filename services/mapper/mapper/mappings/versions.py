"""The versions of a mapping: listed, compared, and brought back as a new one. None is ever changed."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from mapper.mappings.diffing import diff
from mapper.mappings.mappings import empty, read, save
from mapper.tables import MAPPING_VERSIONS
from shared.api.mappings import MappingDiff, MappingIn, MappingOut, MappingVersionOut, RestoreIn
from shared.errors import NotFound
from shared.http.paging import Page, decode_cursor, encode_cursor


class MappingVersionNotFound(NotFound):
    """The mapping has no version with this number."""

    code = "mapping_version_not_found"


async def list_versions(session: AsyncSession, integration_id: UUID, *, cursor: str | None, limit: int) -> Page[MappingVersionOut]:
    """Return the versions, the newest first. Raises `BadCursor`."""
    table = MAPPING_VERSIONS.c
    statement = select(MAPPING_VERSIONS).where(table.integration_id == integration_id).order_by(table.version.desc()).limit(limit + 1)
    if cursor is not None:
        statement = statement.where(table.version < decode_cursor(cursor, 1, int)[0])
    rows = (await session.execute(statement)).all()
    items = [
        MappingVersionOut(
            version=row.version,
            author=row.author,
            note=row.note,
            restored_from=row.restored_from,
            created_at=row.created_at,
            targets=len(row.targets),
        )
        for row in rows[:limit]
    ]
    return Page(items=items, next_cursor=encode_cursor([rows[limit - 1].version]) if len(rows) > limit else None)


async def version_of(session: AsyncSession, integration_id: UUID, version: int) -> MappingOut:
    """Return one version; 0 is the empty mapping that every integration begins with. Raises `MappingVersionNotFound`."""
    if version == 0:
        return empty(integration_id)
    wanted = (MAPPING_VERSIONS.c.integration_id == integration_id, MAPPING_VERSIONS.c.version == version)
    row = (await session.execute(select(MAPPING_VERSIONS).where(*wanted))).one_or_none()
    if row is None:
        remedy = "List the versions to see those there are."
        raise MappingVersionNotFound(f"the mapping has no version {version}", remedy=remedy)
    return read(row)


async def compare(session: AsyncSession, integration_id: UUID, version: int, against: int | None) -> MappingDiff:
    """Return what a version changed, compared with the one before it or with `against`. Raises `MappingVersionNotFound`."""
    after = await version_of(session, integration_id, version)
    before = await version_of(session, integration_id, max(version - 1, 0) if against is None else against)
    return diff(before, after)


async def restore(
    session: AsyncSession, integration_id: UUID, version: int, given: RestoreIn, *, author: str, complete: bool = False
) -> MappingOut:
    """Store an older version again, as the newest. Raises `MappingVersionNotFound`, and whatever storing a mapping raises."""
    again = await as_given(session, integration_id, version, given)
    return await save(session, integration_id, again, author=author, restored_from=version, complete=complete)


async def as_given(session: AsyncSession, integration_id: UUID, version: int, given: RestoreIn) -> MappingIn:
    """Return an older version as it would be stored again. Raises `MappingVersionNotFound`."""
    older = await version_of(session, integration_id, version)
    return MappingIn(
        object_type=older.object_type,
        targets=older.targets,
        sync_keys=older.sync_keys,
        clears=older.clears,
        restores_archived=older.restores_archived,
        filter=older.filter,
        api_fields=older.api_fields,
        note=given.note,
        based_on=given.based_on,
        forecast=given.forecast,
    )
