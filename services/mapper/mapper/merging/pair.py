"""Two people who are to be one: what belongs to each, and what stands in the way."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncSession

from mapper.merging.leading import not_there
from mapper.records.changing import Draft
from mapper.records.loading import drafts_of, drafts_where
from mapper.records.patching import RecordPutAway
from mapper.tables import ASSETS, LINKS, SAAS_USERS
from mapper.tombstones.returning import OF_ABSENCE
from shared.errors import Conflict, Invalid


class SamePerson(Invalid):
    """A person cannot be merged into themselves."""

    code = "same_person"


class CannotMerge(Conflict):
    """Both are somebody of their own in one place, so they are two people."""

    code = "cannot_merge"


@dataclass(slots=True)
class Pair:
    """Two people, locked, with all that is theirs."""

    kept: Draft
    merged: Draft
    links: list[Row[Any]]
    users: dict[UUID, Draft]
    assets: dict[UUID, Draft]
    """Those of the one who goes."""

    def of(self, person: Draft) -> dict[UUID, Draft]:
        """Return a person's SaaS users, by instance."""
        return {one.columns["saas_instance_id"]: one for one in self.users.values() if one.columns["person_id"] == person.id}

    def replaced(self) -> dict[UUID, Draft]:
        """Return the SaaS users that go because the other one has one in the same instance, by id, each with that other one.

        Whoever is there stays before whoever is gone from the source; of two who are gone, that of the one who stays.
        """
        mine, theirs = self.of(self.kept), self.of(self.merged)
        found = {}
        for instance_id in mine.keys() & theirs.keys():
            one, other = mine[instance_id], theirs[instance_id]
            goes, stays = (one, other) if is_gone(one) and not is_gone(other) else (other, one)
            found[goes.id] = stays
        return found


async def pair_of(session: AsyncSession, kept_id: UUID, merged_id: UUID) -> Pair:
    """Return both, locked. Raises `SamePerson`, `RecordNotFound`, `RecordPutAway`, `CannotMerge`."""
    if kept_id == merged_id:
        raise SamePerson("a person cannot be merged into themselves", remedy="Name two people.")
    people = await drafts_of(session, "person", [kept_id, merged_id])
    for one in (kept_id, merged_id):
        if one not in people:
            raise await not_there(session, one)
        if any(people[one].columns.get(name) is not None for name in ("archived_at", "anonymised_at")):
            raise RecordPutAway(f"the person {one} is archived or anonymised", remedy="Restore who is archived first.")
    ids = [kept_id, merged_id]
    links = list((await session.execute(select(LINKS).where(LINKS.c.person_id.in_(ids)).order_by(LINKS.c.source_id))).all())
    users = await drafts_where(session, "saas_user", SAAS_USERS.c.person_id.in_(ids))
    assets = await drafts_where(session, "asset", ASSETS.c.person_id == merged_id)
    pair = Pair(people[kept_id], people[merged_id], links, users, assets)
    if problems := [*_two_at_a_source(pair), *_two_in_an_instance(pair)]:
        raise CannotMerge(
            "these are two people", remedy="Remove one of them at the source, run the integration, then merge.", fields=problems
        )
    return pair


def is_gone(user: Draft) -> bool:
    """Return whether the source has a SaaS user no longer."""
    return any(user.fields.get(key) for key in OF_ABSENCE)


def _two_at_a_source(pair: Pair) -> Iterator[Mapping[str, str]]:
    living = {
        (row.integration_id, row.person_id): row.source_id for row in pair.links if row.missing_since is None and row.deleted_at is None
    }
    for (integration_id, person_id), source_id in living.items():
        other = living.get((integration_id, pair.merged.id))
        if person_id == pair.kept.id and other is not None:
            yield {"field": "links", "message": f"the integration {integration_id} has both, as {source_id} and {other}"}


def _two_in_an_instance(pair: Pair) -> Iterator[Mapping[str, str]]:
    mine, theirs = pair.of(pair.kept), pair.of(pair.merged)
    for instance_id in mine.keys() & theirs.keys():
        if not is_gone(mine[instance_id]) and not is_gone(theirs[instance_id]):
            yield {"field": "saas_users", "message": f"both have a SaaS user in the instance {instance_id}"}
