"""Checking the whole source: what a run with mode plan wrote down, counted by the database."""

from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from mapper.checks.findings import MOST_IDS, Group, Reason, Seen, findings_of
from mapper.checks.page import MOST_EXAMPLES
from mapper.checks.roles import unknown_roles
from mapper.mappings.mappings import gaps
from mapper.mappings.versions import version_of
from mapper.matching.keys import fields_of_key
from mapper.plans.plans import planned_run
from mapper.tables import PLAN_ITEMS
from shared.api.checks import CheckExample, CheckOut
from shared.api.mappings import MappedType, MappingOut
from shared.api.plans import PlanAction

MOST_REASONS = 50
WRITTEN = ("create", "update")
TOLD_BESIDE = "synced_at"
"""The time of the sync is kept with the link, so no plan shows it."""


async def check_source(session: AsyncSession, run_id: UUID) -> CheckOut:
    """Return what would become of all records of a plan, and what speaks against launching. Raises `PlanNotFound`."""
    row = await planned_run(session, run_id)
    mapping = await version_of(session, row.integration_id, row.mapping_version)
    actions = await actions_of(session, run_id)
    seen = Seen(
        actions=actions,
        rejected=await _rejected(session, run_id),
        keyless=await _keyless(session, run_id, mapping),
        never_filled=await _never_filled(session, run_id, actions, mapping),
        unknown_roles=await unknown_roles(session, await _roles(session, run_id)),
    )
    found = findings_of(seen, await gaps(session, row.integration_id, "device" if mapping.object_type == "asset" else "user"))
    return CheckOut(
        scope="source",
        run_id=run_id,
        mapping_version=row.mapping_version,
        records=seen.records,
        actions=actions,
        examples={action: await examples_of(session, run_id, action) for action in actions},
        findings=found,
        finds_by=mapping.finds_by,
        launchable=all(finding.severity == "warns" for finding in found),
    )


def _value(object_type: MappedType, key: str) -> ColumnElement[Any]:
    """Return the value that a record would have in a field: the second of the pair before and after."""
    value: ColumnElement[Any] = PLAN_ITEMS.c.changes[object_type, key, 1].as_string()
    return value


async def actions_of(session: AsyncSession, run_id: UUID) -> dict[PlanAction, int]:
    """Return how many records of a plan there are of each kind."""
    counted = select(PLAN_ITEMS.c.action, func.count()).where(PLAN_ITEMS.c.run_id == run_id).group_by(PLAN_ITEMS.c.action)
    return {row[0]: row[1] for row in await session.execute(counted)}


async def _rejected(session: AsyncSession, run_id: UUID) -> dict[Reason, Group]:
    theirs = and_(PLAN_ITEMS.c.run_id == run_id, PLAN_ITEMS.c.action == "reject")
    parts = {name: PLAN_ITEMS.c.problem[name].as_string() for name in ("code", "field", "message", "remedy")}
    # Grouped outside: PostgreSQL takes the same path, given twice as a parameter, for two different ones.
    said = select(*(part.label(name) for name, part in parts.items())).where(theirs).subquery()
    counted = select(said, func.count().label("records")).group_by(*said.c).order_by(func.count().desc()).limit(MOST_REASONS)
    found: dict[Reason, Group] = {}
    for row in (await session.execute(counted)).all():
        ids = await _ids(session, and_(theirs, parts["code"] == row.code, parts["message"] == row.message))
        found[Reason(row.code, row.field or "", row.message, row.remedy or "")] = Group(row.records, ids)
    return found


async def _keyless(session: AsyncSession, run_id: UUID, mapping: MappingOut) -> Group:
    """Return who would be created without a value in any sync key."""
    theirs = [
        PLAN_ITEMS.c.run_id == run_id,
        PLAN_ITEMS.c.action == "create",
        *(or_(*(_value(mapping.object_type, field).is_(None) for field in fields_of_key(key))) for key in mapping.sync_keys),
    ]
    records = await session.scalar(select(func.count()).select_from(PLAN_ITEMS).where(*theirs)) or 0
    return Group(records, await _ids(session, and_(*theirs)) if records else [])


async def _never_filled(session: AsyncSession, run_id: UUID, actions: dict[PlanAction, int], mapping: MappingOut) -> list[str]:
    """Return the mapped fields that no new record would have: only of new records are all values in the plan."""
    targets = list(mapping.targets)
    if not actions.get("create") or not targets:
        return []
    theirs = (PLAN_ITEMS.c.run_id == run_id, PLAN_ITEMS.c.action == "create")
    row = (await session.execute(select(*(func.count(_value(mapping.object_type, key)) for key in targets)).where(*theirs))).one()
    return [key for key, filled in zip(targets, row, strict=True) if filled == 0 and key != TOLD_BESIDE]


async def _roles(session: AsyncSession, run_id: UUID) -> dict[str, Group]:
    theirs = (PLAN_ITEMS.c.run_id == run_id, PLAN_ITEMS.c.action.in_(WRITTEN), _value("person", "role").is_not(None))
    said = select(_value("person", "role").label("role"), PLAN_ITEMS.c.source_id).where(*theirs).subquery()
    counted = select(said.c.role, func.count().label("records"), func.min(said.c.source_id).label("first")).group_by(said.c.role)
    rows = await session.execute(counted.order_by(func.count().desc()).limit(MOST_REASONS))
    return {row.role: Group(row.records, [row.first]) for row in rows}


async def _ids(session: AsyncSession, condition: ColumnElement[bool]) -> list[str]:
    some = select(PLAN_ITEMS.c.source_id).where(condition).order_by(PLAN_ITEMS.c.page, PLAN_ITEMS.c.place).limit(MOST_IDS)
    return list(await session.scalars(some))


async def examples_of(session: AsyncSession, run_id: UUID, action: PlanAction) -> list[CheckExample]:
    """Return the first records of one kind."""
    columns = (PLAN_ITEMS.c.source_id, PLAN_ITEMS.c.changes, PLAN_ITEMS.c.problem)
    theirs = (PLAN_ITEMS.c.run_id == run_id, PLAN_ITEMS.c.action == action)
    rows = await session.execute(select(*columns).where(*theirs).order_by(PLAN_ITEMS.c.page, PLAN_ITEMS.c.place).limit(MOST_EXAMPLES))
    return [
        CheckExample(source_id=row.source_id, changes=row.changes, message=None if row.problem is None else row.problem["message"])
        for row in rows
    ]
