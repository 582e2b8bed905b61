"""Anonymising a person: everything personal goes, for good; that there was somebody, and when something happened, stays.

What stays: the person's and their SaaS users' rows and their revisions, each with its time, kind, cause and the names of the fields,
without any value. The ids that sources have for them stay with the links, so that the next run does not bring them back.
"""

from typing import Any
from uuid import UUID

from sqlalchemy import Column, ColumnElement, and_, bindparam, delete, exists, or_, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from mapper.assets.owning import assign
from mapper.authority.remembering import forget_said
from mapper.fields.fields import fields_of, untold_of
from mapper.matching.holding import drop_key_values
from mapper.matching.keeping import forget_conflicts
from mapper.merging.forgetting import forget_merges, revisions_together
from mapper.merging.leading import merged_into
from mapper.pages.linking import is_called
from mapper.people.archiving import person_draft, write_by_hand
from mapper.people.people import read_person
from mapper.records.changing import Draft, write
from mapper.records.loading import drafts_where
from mapper.records.of_anonymised import KEPT_OF_SAAS_USERS
from mapper.tables import (
    ASSETS,
    FILTERED,
    HELD_BACK,
    KEY_VALUES,
    LINKS,
    MATCH_KEYS,
    OBSERVATIONS,
    PEOPLE_WORDS,
    PLAN_CLAIMS,
    PLAN_ITEMS,
    PLANS,
    REVISIONS,
    SAAS_USERS,
    TOMBSTONES,
    UNDO_ITEMS,
    UNIQUE_VALUES,
    WITHHELD,
)
from shared.api.people import AnonymiseIn, PersonOut
from shared.clock import now
from shared.errors import Invalid
from shared.events.records import Cause, RecordType
from shared.unit import Unit

VALUES_OF_CONFLICTS = frozenset({"now", "would_be"})
OF_DEVICES = ("assigned_source_id", "assigned_name", "assigned_login")


class NotConfirmed(Invalid):
    """What was sent to confirm is not the person's username."""

    code = "not_confirmed"


async def anonymise(unit: Unit, person_id: UUID, given: AnonymiseIn) -> PersonOut:
    """Take everything personal from a person. Raises `RecordNotFound`, `RecordPutAway`, `NotConfirmed`."""
    draft = await person_draft(unit, person_id)
    if given.confirm != draft.fields.get("username"):
        fields = [{"field": "confirm", "message": "is not the person's username"}]
        raise NotConfirmed("nothing was anonymised", remedy="Send the username of the person, as it is stored.", fields=fields)
    session = unit.session
    saas_users = await drafts_where(session, "saas_user", SAAS_USERS.c.person_id == person_id)
    assets = await drafts_where(session, "asset", ASSETS.c.person_id == person_id)
    cause = Cause(kind="user", id=str(unit.correlation_id), actor=unit.actor, detail="anonymised by hand")
    for one in saas_users.values():
        one.fields = {key: value for key, value in one.fields.items() if key in KEPT_OF_SAAS_USERS}
        one.kind = "anonymised"
    for one in assets.values():
        _give_back(one)
    draft.fields, draft.kind = {}, "anonymised"
    draft.columns["anonymised_at"] = now()
    await _forget(
        session, person_id, [*saas_users, *await _removed_users(session, [person_id, *await merged_into(session, person_id)])], list(assets)
    )
    await write_by_hand(unit, draft, "anonymised by hand")
    beside: dict[RecordType, dict[UUID, Draft]] = {"saas_user": saas_users, "asset": assets}
    for record_type, drafts in beside.items():
        untold = untold_of(await fields_of(session, record_type))
        await write(unit, record_type, list(drafts.values()), cause=cause, untold=untold)
    return await read_person(session, person_id)


def _give_back(asset: Draft) -> None:
    """Take a device from the person, without telling once more whose it was."""
    assign(asset, None)
    for key in OF_DEVICES:
        asset.fields[key] = None
    asset.changes = {}
    asset.kind = "anonymised"


async def _forget(session: AsyncSession, person_id: UUID, saas_user_ids: list[UUID], asset_ids: list[UUID]) -> None:
    """Remove the values from history, and what else repeats them."""
    people = [person_id, *await forget_merges(session, person_id)]
    of_them = or_(
        and_(REVISIONS.c.record_type == "person", REVISIONS.c.record_id.in_(people)),
        await revisions_together(session, person_id),
        and_(REVISIONS.c.record_type == "saas_user", REVISIONS.c.record_id.in_(saas_user_ids)),
    )
    await session.execute(update(REVISIONS).where(of_them).values(changes=_without_values(session), proof=None, origin=None))
    await _forget_held_back(session, person_id, saas_user_ids)
    await _forget_in_undos(session, person_id, [*saas_user_ids, *asset_ids])
    await _forget_in_devices(session, asset_ids)
    await session.execute(delete(UNIQUE_VALUES).where(UNIQUE_VALUES.c.record_id.in_([person_id, *saas_user_ids])))
    await drop_key_values(session, [person_id])
    await forget_conflicts(session, person_id)
    await session.execute(delete(PEOPLE_WORDS).where(PEOPLE_WORDS.c.person_id == person_id))
    await session.execute(update(TOMBSTONES).where(TOMBSTONES.c.person_id == person_id).values(email_key=None))
    await _forget_observed(session, person_id, asset_ids)
    await session.execute(update(LINKS).where(LINKS.c.person_id == person_id).values(content_hash=""))
    await forget_said(session, [person_id, *saas_user_ids, *asset_ids])
    await session.execute(update(LINKS).where(LINKS.c.asset_id.in_(asset_ids)).values(assigned_source_id=None))
    # That of an undo says which one it was, and nothing of the person.
    proven = (WITHHELD.c.record_id.in_([person_id, *saas_user_ids]), WITHHELD.c.kind != "removed")
    await session.execute(update(WITHHELD).where(*proven).values(proof=None))
    planned = or_(PLAN_ITEMS.c.person_id == person_id, _in_plan(person_id, PLAN_ITEMS.c.run_id, PLAN_ITEMS.c.source_id))
    await session.execute(delete(PLAN_ITEMS).where(planned))
    claimed = or_(PLAN_CLAIMS.c.record_id == person_id, _in_plan(person_id, PLAN_CLAIMS.c.run_id, PLAN_CLAIMS.c.source_id))
    await session.execute(delete(PLAN_CLAIMS).where(claimed))
    await session.execute(delete(FILTERED).where(is_called(person_id, FILTERED.c.integration_id, FILTERED.c.source_id)))


def _in_plan(person_id: UUID, run_id: Column[UUID], source_id: Column[str]) -> ColumnElement[bool]:
    """Return the condition that a record of a plan is one of theirs at the source that was planned."""
    same = (LINKS.c.integration_id == PLANS.c.integration_id, LINKS.c.source_id == source_id)
    return exists().where(PLANS.c.run_id == run_id, LINKS.c.person_id == person_id, *same)


async def _removed_users(session: AsyncSession, people: list[UUID]) -> list[UUID]:
    """Return their SaaS users that an undo or a merge removed: these are there in history alone."""
    theirs = REVISIONS.c.origin["row"]["columns"]["person_id"].as_string().in_([str(one) for one in people])
    removed = (REVISIONS.c.record_type == "saas_user", REVISIONS.c.kind == "removed", theirs)
    return list(await session.scalars(select(REVISIONS.c.record_id).where(*removed).distinct()))


async def _forget_held_back(session: AsyncSession, person_id: UUID, saas_user_ids: list[UUID]) -> None:
    """Remove records that are held back and theirs, or that were looked for by a unique value of theirs."""
    columns = (UNIQUE_VALUES.c.field, UNIQUE_VALUES.c.value)
    values = (await session.execute(select(*columns).where(UNIQUE_VALUES.c.record_id.in_([person_id, *saas_user_ids])))).all()
    looked_for = [HELD_BACK.c.reason["looked_for"][row.field].as_string() == row.value for row in values]
    joined = select(MATCH_KEYS.c.parts, KEY_VALUES.c.value).join(MATCH_KEYS, MATCH_KEYS.c.name == KEY_VALUES.c.key)
    for row in await session.execute(joined.where(KEY_VALUES.c.record_id == person_id)):
        said = " and ".join(part["field"] for part in row.parts)
        looked_for.append(HELD_BACK.c.reason["looked_for"][said].as_string() == row.value)
    theirs = or_(is_called(person_id, HELD_BACK.c.integration_id, HELD_BACK.c.source_id), *looked_for)
    same = (HELD_BACK.c.source_id == OBSERVATIONS.c.source_id, HELD_BACK.c.integration_id == OBSERVATIONS.c.integration_id)
    await session.execute(delete(OBSERVATIONS).where(exists().where(*same, theirs)))
    await session.execute(delete(HELD_BACK).where(theirs))


async def _forget_observed(session: AsyncSession, person_id: UUID, asset_ids: list[UUID]) -> None:
    """Remove what sources said of them and of their devices."""
    same = (LINKS.c.source_id == OBSERVATIONS.c.source_id, LINKS.c.integration_id == OBSERVATIONS.c.integration_id)
    theirs = exists().where(*same, or_(LINKS.c.person_id == person_id, LINKS.c.asset_id.in_(asset_ids)))
    await session.execute(delete(OBSERVATIONS).where(theirs))


async def _forget_in_undos(session: AsyncSession, person_id: UUID, record_ids: list[UUID]) -> None:
    """Remove from undos which values were put back or kept; of which fields, and why, stays."""
    theirs = or_(UNDO_ITEMS.c.person_id == person_id, UNDO_ITEMS.c.record_id.in_([person_id, *record_ids]))
    rows = (await session.execute(select(UNDO_ITEMS).where(theirs))).all()
    emptied = [
        {
            "of_undo": row.undo_id,
            "of_record": row.record_id,
            "no_fields": {key: [None, None] for key in row.fields},
            "no_conflicts": [{key: value for key, value in one.items() if key not in VALUES_OF_CONFLICTS} for one in row.conflicts],
        }
        for row in rows
    ]
    if emptied:
        one = update(UNDO_ITEMS).where(UNDO_ITEMS.c.undo_id == bindparam("of_undo"), UNDO_ITEMS.c.record_id == bindparam("of_record"))
        blank = {name: bindparam(f"no_{name}", type_=UNDO_ITEMS.c[name].type) for name in ("fields", "conflicts")}
        await session.execute(one.values(blank), emptied)


async def _forget_in_devices(session: AsyncSession, asset_ids: list[UUID]) -> None:
    """Remove from the history of devices whose they were; what they are is nobody's."""
    mine = and_(REVISIONS.c.record_type == "asset", REVISIONS.c.record_id.in_(asset_ids))
    rows = (await session.execute(select(REVISIONS.c.position, REVISIONS.c.changes, REVISIONS.c.origin).where(mine))).all()
    personal = {*OF_DEVICES, "person_id"}
    emptied = [
        {
            "at_position": row.position,
            "kept": {key: [None, None] if key in personal else pair for key, pair in row.changes.items()},
            "kept_origin": _nobodys(row.origin, personal),
        }
        for row in rows
        if row.origin or not personal.isdisjoint(row.changes)
    ]
    if emptied:
        one = update(REVISIONS).where(REVISIONS.c.position == bindparam("at_position"))
        await session.execute(
            one.values(
                changes=bindparam("kept", type_=REVISIONS.c.changes.type), origin=bindparam("kept_origin", type_=REVISIONS.c.origin.type)
            ),
            emptied,
        )


def _nobodys(origin: dict[str, Any] | None, personal: set[str]) -> dict[str, Any] | None:
    """Return what a device's revision keeps of where it came from, without what names a person."""
    if origin is None:
        return None
    return {key: _nobodys_of(value, personal) for key, value in origin.items()}


def _nobodys_of(value: Any, personal: set[str]) -> Any:
    if isinstance(value, dict):
        return {key: _nobodys_of(one, personal) for key, one in value.items() if key not in personal}
    return [_nobodys_of(one, personal) for one in value] if isinstance(value, list) else value


def _without_values(session: AsyncSession) -> Any:
    """Return the changes of a revision with the names of the fields alone."""
    if session.get_bind().dialect.name == "postgresql":
        pairs = "coalesce(jsonb_object_agg(key, CAST('[null, null]' AS jsonb)), CAST('{}' AS jsonb))"
        return text(f"(SELECT {pairs} FROM jsonb_object_keys(revisions.changes) AS key)")
    return text("(SELECT json_group_object(key, json('[null, null]')) FROM json_each(revisions.changes))")
