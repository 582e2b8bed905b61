"""Judging some people with their SaaS users, and assets: what an undo makes of each, given what is there now. Writes nothing."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import Row, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from mapper.authority.asserted import kept_of
from mapper.fields.fields import fields_of
from mapper.guard.scopes import instance, integration
from mapper.records.changing import Draft
from mapper.records.loading import drafts_of, portions
from mapper.records.unique import Claim, holders
from mapper.tables import PEOPLE, REVISIONS, SAAS_USERS, UNDO_ITEMS, UNDOS
from mapper.undo.claims import settle, wanted_by
from mapper.undo.links import Links, linked_elsewhere, links_around
from mapper.undo.reversal import Reversal, reverse
from shared.api.fields import FieldOut
from shared.events.records import RecordType

TYPES: tuple[RecordType, ...] = ("person", "saas_user", "asset")
MOST_TOGETHER = 2_000
"""People in one batch, those included who were drawn in because they hold what another one wants back."""


@dataclass(slots=True)
class Judged:
    """A batch: items, records and reversals by record id, kept apart by type."""

    items: dict[UUID, Row[Any]]
    drafts: dict[RecordType, dict[UUID, Draft]]
    reversals: dict[RecordType, dict[UUID, Reversal]]
    known: dict[RecordType, dict[str, FieldOut]]
    links: Links
    scopes: dict[UUID, str] = field(default_factory=dict)
    """Removals, by record: where the guard counts them."""

    def add(self, more: "Judged") -> None:
        """Take in others, who were drawn into the batch."""
        self.items |= more.items
        for kind in TYPES:
            self.drafts[kind] |= more.drafts[kind]
            self.reversals[kind] |= more.reversals[kind]
        self.links.there |= more.links.there

    def unique(self, record_type: RecordType) -> list[str]:
        """Return the unique fields."""
        return [key for key, one in self.known[record_type].items() if one.unique]


async def judge(session: AsyncSession, undo: Row[Any], people: Iterable[UUID], *, open_only: str) -> Judged:
    """Return what the undo makes of these people, their SaaS users, and whoever must change together with them; all are locked.

    `open_only` names the column of an item that must be empty for it to be looked at: `action` while planning, `outcome` later.
    """
    wanted = set(people)
    judged = newest = await _judged(session, undo, wanted, open_only)
    while len(wanted) < MOST_TOGETHER:
        more = await _drawn_in(session, undo, newest, judged.items.keys(), open_only) - wanted
        if not more:
            break
        wanted |= more
        newest = await _judged(session, undo, more, open_only)
        judged.add(newest)
    await _leave_put_away(session, judged)
    await _leave_kept(session, judged)
    settled = False
    while not settled:
        for record_type in TYPES:
            unique, reversals = judged.unique(record_type), judged.reversals[record_type]
            held = await _holders(session, record_type, reversals, unique)
            settle(reversals, judged.drafts[record_type], await _still_held(session, undo, judged, held), unique)
        before = _standing(judged)
        await _together(session, undo, judged)
        # Whoever stays after all keeps the values that another one counted on.
        settled = _standing(judged) == before
    _find_scopes(undo, judged)
    return judged


def _standing(judged: Judged) -> list[tuple[UUID, str, int]]:
    """Return what becomes of each record: only ever less, the longer it is looked at."""
    return [(one, reversal.action, len(reversal.fields)) for kind in TYPES for one, reversal in judged.reversals[kind].items()]


async def family_of(session: AsyncSession, root_run_id: UUID) -> set[str]:
    """Return the ids of a run and of all undos that go back to it."""
    undos = await session.scalars(select(UNDOS.c.id).where(UNDOS.c.root_run_id == root_run_id))
    return {str(root_run_id), *map(str, undos)}


async def _judged(session: AsyncSession, undo: Row[Any], people: set[UUID], open_only: str) -> Judged:
    items: dict[UUID, Row[Any]] = {}
    for portion in portions(people):
        theirs = (UNDO_ITEMS.c.undo_id == undo.id, UNDO_ITEMS.c.person_id.in_(portion), UNDO_ITEMS.c[open_only].is_(None))
        items |= {row.record_id: row for row in await session.execute(select(UNDO_ITEMS).where(*theirs))}
    ids = {kind: [row.record_id for row in items.values() if row.record_type == kind] for kind in TYPES}
    drafts = {kind: await drafts_of(session, kind, ids[kind]) for kind in TYPES}
    family, rows = await family_of(session, undo.root_run_id), await _revisions(session, undo, items)
    reversals = {
        kind: {one: reverse(rows.get(one, []), str(undo.undoes), family, drafts[kind].get(one)) for one in ids[kind]} for kind in TYPES
    }
    for mine in reversals.values():
        for reversal in mine.values():
            _read_snapshot(reversal)
    origins = [row.origin for mine in reversals.values() for one in mine.values() for row in one.mine if row.origin]
    links = await links_around(session, undo.integration_id, person_ids=people, asset_ids=ids["asset"], origins=origins)
    known = {kind: await fields_of(session, kind) for kind in TYPES}
    return Judged(items=items, drafts=drafts, reversals=reversals, known=known, links=links)


def _read_snapshot(reversal: Reversal) -> None:
    """Let what is brought back have the fields that it had."""
    if reversal.action != "bring_back":
        return
    if row := (reversal.mine[-1].origin or {}).get("row"):
        reversal.fields = {key: (None, value) for key, value in row["fields"].items()}
    else:
        reversal.keep("put_away", "its person is anonymised: what it was is not kept")


async def _revisions(session: AsyncSession, undo: Row[Any], items: Mapping[UUID, Row[Any]]) -> dict[UUID, list[Row[Any]]]:
    found: dict[UUID, list[Row[Any]]] = {}
    for portion in portions(items):
        theirs = (REVISIONS.c.record_type.in_(TYPES), REVISIONS.c.record_id.in_(portion), REVISIONS.c.position > undo.first_position)
        for row in await session.execute(select(REVISIONS).where(*theirs).order_by(REVISIONS.c.record_id, REVISIONS.c.revision)):
            found.setdefault(row.record_id, []).append(row)
    return found


async def _holders(
    session: AsyncSession, record_type: RecordType, reversals: Mapping[UUID, Reversal], unique: Sequence[str]
) -> dict[Claim, UUID]:
    return await holders(session, record_type, {claim for claims in wanted_by(reversals, unique).values() for claim in claims})


async def _still_held(session: AsyncSession, undo: Row[Any], judged: Judged, held: Mapping[Claim, UUID]) -> dict[Claim, UUID]:
    """Return who holds values, but for those who were judged before, not made yet, and will give theirs up."""
    giving: set[tuple[UUID, str]] = set()
    for portion in portions(set(held.values()) - judged.items.keys()):
        theirs = (UNDO_ITEMS.c.undo_id == undo.id, UNDO_ITEMS.c.record_id.in_(portion), UNDO_ITEMS.c.outcome.is_(None))
        planned = UNDO_ITEMS.c.action.in_(("put_back", "remove"))
        for row in await session.execute(select(UNDO_ITEMS.c.record_id, UNDO_ITEMS.c.fields).where(*theirs, planned)):
            giving |= {(row.record_id, key) for key in row.fields}
    # While an undo is made nobody counts on what is only planned: whoever is in the way is in the batch, or stays in the way.
    planning = undo.state == "judging"
    return {claim: holder for claim, holder in held.items() if not (planning and (holder, claim[0]) in giving)}


async def _drawn_in(session: AsyncSession, undo: Row[Any], judged: Judged, inside: Collection[UUID], open_only: str) -> set[UUID]:
    """Return the people of the same undo, not `inside` the batch, who hold what those who were judged want back."""
    found: set[UUID] = set()
    for record_type in TYPES:
        held = await _holders(session, record_type, judged.reversals[record_type], judged.unique(record_type))
        for portion in portions(set(held.values()) - set(inside)):
            theirs = (UNDO_ITEMS.c.undo_id == undo.id, UNDO_ITEMS.c.record_id.in_(portion), UNDO_ITEMS.c[open_only].is_(None))
            found |= set(await session.scalars(select(UNDO_ITEMS.c.person_id).where(*theirs)))
    return found


async def _leave_put_away(session: AsyncSession, judged: Judged) -> None:
    """Keep whoever is archived or anonymised, and their SaaS users, as they are: nothing but a restore changes them."""
    owners = {one: draft.columns["person_id"] for one, draft in judged.drafts["saas_user"].items()}
    owners |= {one: one for one in judged.drafts["person"]}
    away: set[UUID] = set()
    for portion in portions(set(owners.values())):
        put_away = or_(PEOPLE.c.archived_at.is_not(None), PEOPLE.c.anonymised_at.is_not(None))
        away |= set(await session.scalars(select(PEOPLE.c.id).where(PEOPLE.c.id.in_(portion), put_away)))
    for kind in ("person", "saas_user"):
        for one, reversal in judged.reversals[kind].items():
            if owners.get(one) in away and reversal.action in {"put_back", "remove"}:
                reversal.keep("put_away", "it is archived or anonymised, so it stays as it is")


async def _leave_kept(session: AsyncSession, judged: Judged) -> None:
    """Keep what somebody changed by hand, where hand edits are kept until they are given back."""
    for record_type in TYPES:
        for one, kept in (await kept_of(session, record_type, judged.known[record_type], judged.drafts[record_type])).items():
            reversal = judged.reversals[record_type][one]
            for key in kept.keys() & reversal.fields.keys():
                if reversal.action == "put_back":
                    reversal.keep_field(key, "kept_by_hand", "it was changed by hand, and is kept", by=kept[key].by, at=kept[key].at)
            if kept and reversal.action == "remove":
                reversal.keep("kept_by_hand", "a value of it was changed by hand, and is kept, so the record stays")


async def _together(session: AsyncSession, undo: Row[Any], judged: Judged) -> None:
    """Hold to what People and SaaS users owe each other: nobody's SaaS user loses its person, or comes back without one."""
    people, users = judged.reversals["person"], judged.reversals["saas_user"]
    leaving = {one for one, reversal in people.items() if reversal.action == "remove"}
    elsewhere = await linked_elsewhere(session, undo.integration_id, leaving)
    staying = await _with_other_users(session, leaving, {one for one, reversal in users.items() if reversal.action == "remove"})
    for person_id in leaving:
        if person_id in elsewhere:
            people[person_id].keep("linked_by_another", "another integration knows this person, too, so it stays")
        elif person_id in staying:
            people[person_id].keep("saas_user_stays", "it has a SaaS user that stays, so it stays, too")
    await _bring_back_users(session, judged)
    await _give_back_assets(session, judged)


async def _with_other_users(session: AsyncSession, people: Iterable[UUID], leaving: set[UUID]) -> set[UUID]:
    found: set[UUID] = set()
    for portion in portions(people):
        rows = await session.execute(select(SAAS_USERS.c.id, SAAS_USERS.c.person_id).where(SAAS_USERS.c.person_id.in_(portion)))
        found |= {row.person_id for row in rows if row.id not in leaving}
    return found


async def _bring_back_users(session: AsyncSession, judged: Judged) -> None:
    """Keep away SaaS users whose person is not there, or who has another one in the same instance by now."""
    back = {one: reversal for one, reversal in judged.reversals["saas_user"].items() if reversal.action == "bring_back"}
    if not back:
        return
    places = {one: reversal.mine[-1].origin["row"]["columns"] for one, reversal in back.items()}
    owners = {UUID(place["person_id"]) for place in places.values()}
    there = set(await drafts_of(session, "person", owners))
    there |= {one for one, reversal in judged.reversals["person"].items() if reversal.action == "bring_back"}
    taken: set[tuple[UUID, UUID]] = set()
    for portion in portions(owners):
        columns = (SAAS_USERS.c.person_id, SAAS_USERS.c.saas_instance_id)
        rows = await session.execute(select(*columns).where(SAAS_USERS.c.person_id.in_(portion)))
        taken |= {(row.person_id, row.saas_instance_id) for row in rows}
    for one, reversal in back.items():
        person_id, instance_id = UUID(places[one]["person_id"]), UUID(places[one]["saas_instance_id"])
        if person_id not in there:
            reversal.keep("person_is_gone", "its person is not there any more")
        elif (person_id, instance_id) in taken:
            reversal.keep("touched_since", "its person has another user in the same SaaS instance by now")


async def _give_back_assets(session: AsyncSession, judged: Judged) -> None:
    """Give assets to nobody who is not there any more, or is anonymised."""
    reversals = judged.reversals["asset"].values()
    given = {UUID(pair[1]) for reversal in reversals if (pair := reversal.fields.get("person_id")) and pair[1] is not None}
    there = {one for one, reversal in judged.reversals["person"].items() if reversal.action == "bring_back"}
    for portion in portions(given):
        somebody = (PEOPLE.c.id.in_(portion), PEOPLE.c.anonymised_at.is_(None))
        there |= set(await session.scalars(select(PEOPLE.c.id).where(*somebody)))
    there -= {one for one, reversal in judged.reversals["person"].items() if reversal.action == "remove"}
    for reversal in reversals:
        owner = (reversal.fields.get("person_id") or (None, None))[1]
        if owner is None or UUID(owner) in there:
            continue
        if reversal.action == "bring_back":
            reversal.fields.pop("person_id")
        else:
            reversal.keep_field("person_id", "person_is_gone", "its person is not there any more")


def _find_scopes(undo: Row[Any], judged: Judged) -> None:
    """Say where the guard counts each removal: a SaaS user in its instance, with its person; what is in none, in the integration."""
    riding = set()
    for one, reversal in judged.reversals["saas_user"].items():
        if reversal.action == "remove":
            columns = judged.drafts["saas_user"][one].columns
            judged.scopes[one] = instance(columns["saas_instance_id"]).key
            riding.add(columns["person_id"])
    for one, reversal in judged.reversals["person"].items():
        if reversal.action == "remove" and one not in riding:
            judged.scopes[one] = integration(undo.integration_id).key
    for one, reversal in judged.reversals["asset"].items():
        if reversal.action == "remove":
            judged.scopes[one] = integration(undo.integration_id).key
