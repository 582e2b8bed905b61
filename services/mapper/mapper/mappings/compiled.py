"""Mappings made ready for records, kept while they are current."""

from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from mapper.fields.fields import fields_of, untold_of
from mapper.filters.sieve import CompiledFilter, compile_filter
from mapper.mappings.evaluate import Target, targets_of
from mapper.mappings.versions import version_of
from mapper.tables import FIELDS, MAPPING_USES, MAPPING_VERSIONS
from shared.api.records import FieldOut, FromSyncTime, MappingOut

MOST_KEPT = 256


@dataclass(frozen=True, slots=True)
class Compiled:
    """One version of a mapping, ready for records."""

    version: int
    targets: tuple[Target, ...]
    sync_keys: tuple[str, ...]
    unique: tuple[str, ...]
    """The mapped fields whose values only one person may have."""
    kept: frozenset[str]
    """The mapped fields that are stored with the person: all but the time of the sync, which is kept with the link."""
    untold: frozenset[str]
    """The person fields that are kept out of history, mapped or not."""
    untold_of_saas_users: frozenset[str]
    filter: CompiledFilter | None = None
    earlier_filter: CompiledFilter | None = None
    """Another filter, with which the whole directory was read last: whom it held back comes quietly until it is read anew."""


@dataclass(frozen=True, slots=True)
class CompiledMappings:
    """The compiled mappings of a running service."""

    _kept: dict[tuple[UUID, int, int, int], Compiled] = field(default_factory=dict)

    async def current(self, session: AsyncSession, integration_id: UUID, run_id: UUID | None = None) -> Compiled:
        """Return the newest version, compiled at most once while neither it, nor the fields, nor what was read last change.

        A run that writes keeps the version that it began with: half a directory under another mapping would be nobody's wish.
        """
        # Fields are only ever added, so their number says whether there are others than when the mapping was compiled.
        newest = select(func.max(MAPPING_VERSIONS.c.version)).where(MAPPING_VERSIONS.c.integration_id == integration_id)
        fields = select(func.count()).select_from(FIELDS)
        settled = select(MAPPING_USES.c.settled_version).where(MAPPING_USES.c.integration_id == integration_id)
        begun = select(MAPPING_USES.c.run_version).where(MAPPING_USES.c.integration_id == integration_id, MAPPING_USES.c.run_id == run_id)
        row = (await session.execute(select(*(one.scalar_subquery() for one in (newest, fields, settled, begun))))).one()
        latest, number, settled_version, begun_with = row
        version = (latest or 0) if begun_with is None else begun_with
        key = (integration_id, version, number, settled_version or 0)
        if key not in self._kept:
            while len(self._kept) >= MOST_KEPT:
                self._kept.pop(next(iter(self._kept)))
            self._kept[key] = await _compiled(session, integration_id, version, settled_version)
        return self._kept[key]


async def _compiled(session: AsyncSession, integration_id: UUID, version: int, settled_version: int | None) -> Compiled:
    mapping = await version_of(session, integration_id, version)
    settled = None if settled_version is None else await version_of(session, integration_id, settled_version)
    person, saas_user = await fields_of(session, "person"), await fields_of(session, "saas_user")
    return compile_mapping(mapping, person, saas_user, settled)


def compile_mapping(
    mapping: MappingOut, person: dict[str, FieldOut], saas_user: dict[str, FieldOut], settled: MappingOut | None = None
) -> Compiled:
    """Return a mapping ready for records, given the fields of People and SaaS users by key.

    `settled` is the version with which the whole directory was read last.
    """
    earlier = None if settled is None or settled.filter == mapping.filter else settled
    sources = {key: mapping.targets[key] for key in person if key in mapping.targets}
    return Compiled(
        version=mapping.version,
        targets=targets_of(sources, person),
        sync_keys=tuple(mapping.sync_keys),
        unique=tuple(key for key in sources if person[key].unique),
        kept=frozenset(key for key, source in sources.items() if not isinstance(source, FromSyncTime)),
        untold=untold_of(person),
        untold_of_saas_users=untold_of(saas_user),
        filter=compile_filter(mapping.filter, sources, person),
        earlier_filter=None if earlier is None else compile_filter(earlier.filter, earlier.targets, person),
    )
