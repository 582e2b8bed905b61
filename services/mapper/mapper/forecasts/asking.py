"""Asking for a forecast, and reading it: it is a plan over what was observed last, kept as long as other plans are."""

import hashlib
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import Row, func, insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from mapper.checks.source import actions_of, examples_of
from mapper.mappings.mappings import CONTENT, current, require_sound
from mapper.matching.keys import keys_of
from mapper.tables import FIELDS, FILTERED, FORECASTS, MAPPING_USES, MATCH_KEYS, OBSERVATIONS, PLANS
from shared.api.forecasts import ForecastIn, ForecastOut, WorkflowForecast
from shared.clock import now
from shared.errors import NotFound
from shared.ids import new_id
from shared.unit import Unit


class ForecastNotFound(NotFound):
    """The integration has no forecast with this id, or it is kept no longer."""

    code = "forecast_not_found"


async def ask(unit: Unit, integration_id: UUID, given: ForecastIn, *, complete: bool) -> UUID:
    """Note what is to be forecast. Raises what saving the mapping would raise."""
    session, at = unit.session, now()
    before = await current(session, integration_id)
    if given.mapping is not None:
        await require_sound(session, integration_id, given.mapping, before, complete=complete)
    forecast_id = new_id()
    common = {"integration_id": integration_id, "base_version": before.version, **await _moment(session, integration_id)}
    values = {
        **common,
        "id": forecast_id,
        "content": content_of(given),
        "asked": given.model_dump(mode="json", exclude_none=True),
        "state": "counting",
        "source_cursor": "",
        "item_cursor": [0, -1],
        "seen": 0,
        "unchanged": 0,
        "fields": {},
        "workflows": {},
        "notes": await _notes(session, integration_id, given, before.filter is not None),
        "asked_by": unit.actor,
        "asked_at": at,
    }
    await session.execute(insert(FORECASTS).values(values))
    plan = {"run_id": forecast_id, "integration_id": integration_id, "mapping_version": before.version, "staging": True}
    await session.execute(insert(PLANS).values({**plan, "existing": values["records"], "updated": 0, "planned_at": at}))
    return forecast_id


def content_of(given: ForecastIn) -> str:
    """Return what two configurations have in common that are the same, whoever thinks of them and why."""
    mapping = None if given.mapping is None else given.mapping.model_dump(mode="json", include=set(CONTENT))
    said = [mapping, given.preference, given.user_selection]
    return hashlib.blake2b(orjson.dumps(said, option=orjson.OPT_SORT_KEYS), digest_size=32).hexdigest()


async def _moment(session: AsyncSession, integration_id: UUID) -> dict[str, Any]:
    """Return what a forecast rests on beside the mapping: the run that was last, how many records it has shown, the fields there are."""
    run = select(MAPPING_USES.c.run_id).where(MAPPING_USES.c.integration_id == integration_id)
    revision = select(func.coalesce(func.sum(FIELDS.c.revision), 0))
    records = select(func.count()).select_from(OBSERVATIONS).where(OBSERVATIONS.c.integration_id == integration_id)
    return {
        "run_id": await session.scalar(run),
        "records": await session.scalar(records) or 0,
        "fields_revision": await session.scalar(revision) or 0,
    }


async def has_moved(session: AsyncSession, row: Row[Any]) -> str | None:
    """Return what has changed since a forecast was asked for; None if it holds."""
    moment = await _moment(session, row.integration_id)
    if (await current(session, row.integration_id)).version != row.base_version:
        return "another version of the mapping was stored since"
    if (moment["run_id"], moment["records"]) != (row.run_id, row.records):
        return "the integration has run since"
    return "a field was changed since" if moment["fields_revision"] != row.fields_revision else None


async def _notes(session: AsyncSession, integration_id: UUID, given: ForecastIn, filters: bool) -> list[str]:
    notes = []
    last = (await session.execute(select(MAPPING_USES).where(MAPPING_USES.c.integration_id == integration_id))).one_or_none()
    if last is None or last.provenance is None:
        notes.append("The integration has not run since observations are kept, so nothing is known of its records.")
    if given.mapping is not None:
        keys = [key for key in keys_of(given.mapping.object_type, given.mapping.sync_keys) if not key.is_plain]
        known = set(await session.scalars(select(MATCH_KEYS.c.name).where(MATCH_KEYS.c.name.in_([key.name for key in keys]))))
        if any(key.name not in known for key in keys):
            notes.append("Records are not known yet by a sync key that is new here: whoever it alone would find is counted as created.")
    if last is not None and filters and given.mapping is not None:
        held_back = await session.scalar(select(func.count()).select_from(FILTERED).where(FILTERED.c.run_id == last.run_id)) or 0
        if held_back:
            some = f"At least {held_back} records were held back by the filter in the last run, and nothing of them is kept"
            notes.append(
                f"{some}: how many another filter lets in, a run with mode plan shows once it is saved. They would come quietly, too."
            )
    return notes


async def forecast_row(session: AsyncSession, integration_id: UUID, forecast_id: UUID) -> Row[Any]:
    """Return what is kept of a forecast. Raises `ForecastNotFound`."""
    theirs = (FORECASTS.c.id == forecast_id, FORECASTS.c.integration_id == integration_id)
    row = (await session.execute(select(FORECASTS).where(*theirs))).one_or_none()
    if row is None:
        raise ForecastNotFound(f"the integration has no forecast {forecast_id}", remedy="Ask for a new one; they are kept for a few days.")
    return row


async def read_forecast(session: AsyncSession, integration_id: UUID, forecast_id: UUID) -> ForecastOut:
    """Return a forecast, as far as it has come. Raises `ForecastNotFound`."""
    row = await forecast_row(session, integration_id, forecast_id)
    actions = await actions_of(session, forecast_id)
    examples = {action: await examples_of(session, forecast_id, action) for action in actions}
    if row.unchanged:
        actions["unchanged"] = row.unchanged
    workflows = [WorkflowForecast.model_validate(one) for one in row.workflows.values() if one["newly_matching"]]
    return ForecastOut(
        **{name: getattr(row, name) for name in ("id", "integration_id", "state", "base_version", "records", "seen", "fields", "notes")},
        actions=actions,
        examples=examples,
        workflows=sorted(workflows, key=lambda one: (-one.newly_matching, one.name)),
        asked_by=row.asked_by,
        asked_at=row.asked_at,
        ended_at=row.ended_at,
    )
