"""Stored mappings: versions that never change, and whether one is ready for launch."""

from dataclasses import dataclass
from uuid import UUID

from pydantic import TypeAdapter
from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from mapper.fields.fields import fields_of, require_known
from mapper.mappings.evaluate import Target
from mapper.tables import MAPPING_VERSIONS
from shared.api.base import Gap
from shared.api.records import FieldOut, MappedFrom, MappingIn, MappingOut
from shared.clock import now
from shared.errors import Invalid

MANDATORY = ("username", "email", "role")
TARGETS: TypeAdapter[dict[str, MappedFrom]] = TypeAdapter(dict[str, MappedFrom])


class BadSyncKey(Invalid):
    """A sync key is not a unique field, or is not mapped."""

    code = "bad_sync_key"


@dataclass(frozen=True, slots=True)
class Compiled:
    """A mapping, ready for records."""

    version: int
    targets: tuple[Target, ...]
    sync_keys: tuple[str, ...]
    fields: dict[str, FieldOut]

    @property
    def unique(self) -> tuple[str, ...]:
        """The mapped fields whose values only one person may have."""
        return tuple(target.key for target in self.targets if self.fields[target.key].unique)


async def current(session: AsyncSession, integration_id: UUID) -> MappingOut:
    """Return the newest version; version 0 is the empty mapping of an integration that has none."""
    newest = (
        select(MAPPING_VERSIONS)
        .where(MAPPING_VERSIONS.c.integration_id == integration_id)
        .order_by(MAPPING_VERSIONS.c.version.desc())
        .limit(1)
    )
    row = (await session.execute(newest)).one_or_none()
    if row is None:
        return MappingOut(integration_id=integration_id, version=0, targets={}, sync_keys=[], author=None, created_at=None)
    return MappingOut(
        integration_id=integration_id,
        version=row.version,
        targets=TARGETS.validate_python(row.targets),
        sync_keys=row.sync_keys,
        author=row.author,
        created_at=row.created_at,
    )


async def save(session: AsyncSession, integration_id: UUID, given: MappingIn, *, author: str) -> MappingOut:
    """Store a new version; the same mapping again stores nothing. Raises `UnknownField`, `BadSyncKey`."""
    known = await fields_of(session, "person")
    require_known(given.targets, known, place="targets")
    require_known(given.sync_keys, known, place="sync_keys")
    _require_sync_keys(given, known)
    before = await current(session, integration_id)
    if before.version and before.targets == given.targets and before.sync_keys == given.sync_keys:
        return before
    body = given.model_dump(mode="json")
    row = {"integration_id": integration_id, "version": before.version + 1, "author": author, "created_at": now(), **body}
    await session.execute(insert(MAPPING_VERSIONS), [row])
    return await current(session, integration_id)


async def compile_current(session: AsyncSession, integration_id: UUID) -> Compiled:
    """Return the newest version with its fields' types."""
    known = await fields_of(session, "person")
    mapping = await current(session, integration_id)
    targets = tuple(
        Target(key, known[key].data_type, known[key].mandatory, source) for key, source in mapping.targets.items() if key in known
    )
    return Compiled(mapping.version, targets, tuple(mapping.sync_keys), known)


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


def _require_sync_keys(given: MappingIn, known: dict[str, FieldOut]) -> None:
    problems = []
    for key in given.sync_keys:
        if not known[key].unique:
            problems.append({"field": f"sync_keys.{key}", "message": "is not a unique field", "remedy": "Choose a unique field."})
        elif key not in given.targets:
            problems.append({"field": f"sync_keys.{key}", "message": "is not mapped", "remedy": f"Map {key} first."})
    if problems:
        names = ", ".join(problem["field"] for problem in problems)
        raise BadSyncKey(f"these sync keys cannot be used: {names}", remedy="A sync key is a mapped, unique field.", fields=problems)
