"""Mappings made ready for records, kept while they are current."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from mapper.authority.authority import NUMBER, authority_of
from mapper.authority.orders import Authority
from mapper.fields.fields import defaults_of, fields_of, untold_of
from mapper.filters.sieve import CompiledFilter, compile_filter
from mapper.mappings.evaluate import Target, targets_of
from mapper.mappings.versions import version_of
from mapper.matching.keys import Key, kept_back, keys_of
from mapper.tables import FIELDS, MAPPING_USES, MAPPING_VERSIONS
from shared.api.fields import FieldOut
from shared.api.mapped_from import FromSyncTime
from shared.api.mappings import MappedType, MappingOut
from shared.rules.model import fields_of as rule_fields

MOST_KEPT = 256


@dataclass(frozen=True, slots=True)
class Compiled:
    """One version of a mapping, ready for records."""

    version: int
    object_type: MappedType
    """What records are made."""
    targets: tuple[Target, ...]
    sync_keys: tuple[Key, ...]
    unique: tuple[str, ...]
    """The fields whose values only one record may have, of those that are mapped or have an order."""
    kept: frozenset[str]
    """The mapped fields that are stored with the record: all but the time of the sync, which is kept with the link."""
    clears: frozenset[str]
    """Those of them that a blank value empties."""
    restores_archived: bool
    """Whether a match on an archived person brings them back."""
    untold: frozenset[str]
    """The fields of those records that are kept out of history, mapped or not."""
    untold_of_saas_users: frozenset[str]
    kept_back: frozenset[str] = frozenset()
    """Fields of keys that are written when a record is new, and left alone afterwards."""
    defaults: Mapping[str, Any] = field(default_factory=dict)
    """What a new record has in fields of which nothing is said."""
    defaults_of_saas_users: Mapping[str, Any] = field(default_factory=dict)
    growing: tuple[FieldOut, ...] = ()
    """The mapped dropdowns that grow with what is written."""
    authority: Authority = field(default_factory=Authority)
    """Who wins for those fields of which somebody said so."""
    fields_revision: int = 0
    """Counts up with each change of a field."""
    is_unsettled: bool = False
    """Whether the whole directory was read last with another version."""
    filter: CompiledFilter | None = None
    earlier_filter: CompiledFilter | None = None
    """Another filter, with which the whole directory was read last: whom it held back comes quietly until it is read anew."""

    @property
    def match_keys(self) -> tuple[Key, ...]:
        """The sync keys that are no plain unique field."""
        return tuple(key for key in self.sync_keys if not key.is_plain)


@dataclass(frozen=True, slots=True)
class CompiledMappings:
    """The compiled mappings of a running service."""

    _kept: dict[tuple[UUID, int, int, int, int], Compiled] = field(default_factory=dict)

    async def current(self, session: AsyncSession, integration_id: UUID, run_id: UUID | None = None) -> Compiled:
        """Return the newest version, compiled at most once while neither it, nor the fields, nor what was read last change.

        A run that writes keeps the version that it began with: half a directory under another mapping would be nobody's wish.
        """
        # Fields are only ever added, and each change of one counts up: the sum says whether they are as when the mapping was compiled.
        newest = select(func.max(MAPPING_VERSIONS.c.version)).where(MAPPING_VERSIONS.c.integration_id == integration_id)
        fields = select(func.coalesce(func.sum(FIELDS.c.revision), 0))
        settled = select(MAPPING_USES.c.settled_version).where(MAPPING_USES.c.integration_id == integration_id)
        begun = select(MAPPING_USES.c.run_version).where(MAPPING_USES.c.integration_id == integration_id, MAPPING_USES.c.run_id == run_id)
        row = (await session.execute(select(*(one.scalar_subquery() for one in (newest, fields, settled, begun, NUMBER))))).one()
        latest, number, settled_version, begun_with, orders = row
        version = (latest or 0) if begun_with is None else begun_with
        key = (integration_id, version, number, settled_version or 0, orders)
        if key not in self._kept:
            while len(self._kept) >= MOST_KEPT:
                self._kept.pop(next(iter(self._kept)))
            self._kept[key] = replace(
                await _compiled(session, integration_id, version, settled_version),
                fields_revision=number,
                is_unsettled=settled_version not in (None, version),
            )
        return self._kept[key]


async def _compiled(session: AsyncSession, integration_id: UUID, version: int, settled_version: int | None) -> Compiled:
    mapping = await version_of(session, integration_id, version)
    settled = None if settled_version is None else await version_of(session, integration_id, settled_version)
    fields, saas_user = await fields_of(session, mapping.object_type), await fields_of(session, "saas_user")
    authority = await authority_of(session, mapping.object_type, fields)
    return compile_mapping(mapping, fields, saas_user, settled, authority)


def compile_mapping(
    mapping: MappingOut,
    known: dict[str, FieldOut],
    saas_user: dict[str, FieldOut],
    settled: MappingOut | None = None,
    authority: Authority | None = None,
) -> Compiled:
    """Return a mapping ready for records, given the fields of the records that are made, and those of SaaS users, by key.

    `settled` is the version with which the whole directory was read last.
    """
    earlier = None if settled is None or _filters_alike(settled, mapping) else settled
    sources = {key: mapping.targets[key] for key in known if key in mapping.targets}
    orders = authority or Authority()
    return Compiled(
        version=mapping.version,
        object_type=mapping.object_type,
        targets=targets_of(sources, known),
        sync_keys=keys_of(mapping.object_type, mapping.sync_keys),
        kept_back=kept_back(mapping.sync_keys),
        unique=tuple(key for key in known if known[key].unique and (key in sources or key in orders.orders)),
        authority=orders,
        kept=frozenset(key for key, source in sources.items() if not isinstance(source, FromSyncTime)),
        defaults=defaults_of(known),
        defaults_of_saas_users=defaults_of(saas_user),
        growing=tuple(known[key] for key in sources if known[key].dropdown == "growing"),
        clears=frozenset(mapping.clears),
        restores_archived=mapping.restores_archived,
        untold=untold_of(known),
        untold_of_saas_users=untold_of(saas_user),
        filter=compile_filter(mapping.filter, sources, known),
        earlier_filter=None if earlier is None else compile_filter(earlier.filter, earlier.targets, known),
    )


def _filters_alike(one: MappingOut, other: MappingOut) -> bool:
    """Return whether two versions hold back the same: the same rule, and the same behind each mapped field that it looks at."""
    looked_at = set() if one.filter is None else rule_fields(one.filter.rule)
    return one.filter == other.filter and all(one.targets.get(key) == other.targets.get(key) for key in looked_at)
