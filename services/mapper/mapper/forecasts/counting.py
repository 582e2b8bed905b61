"""Counting: some records at a time, planned as a run would plan them, from what the source showed last."""

from collections import Counter
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from mapper.authority.authority import authority_of
from mapper.fields.fields import fields_of
from mapper.mappings.compiled import Compiled, compile_mapping
from mapper.mappings.mappings import CONTENT, current
from mapper.observations.keeping import read_content
from mapper.pages.applying import planned
from mapper.pages.reading import meet
from mapper.plans.staging import claims_of_plan, items_of
from mapper.records.many import put
from mapper.tables import FORECASTS, MAPPING_USES, OBSERVATIONS, PLAN_CLAIMS, PLAN_ITEMS
from shared.api.forecasts import ForecastIn
from shared.api.mappings import MappingOut
from shared.clock import now
from shared.events.sources import Provenance, UsersObserved
from shared.unit import Unit

AT_ONCE = 500


async def count_some(unit: Unit, row: Row[Any]) -> None:
    """Look at the next records, and note what would become of those that would not stay as they are."""
    asked = ForecastIn.model_validate(row.asked)
    provenance = await _provenance(unit.session, row, asked)
    theirs = (OBSERVATIONS.c.integration_id == row.integration_id, OBSERVATIONS.c.source_id > row.source_cursor)
    columns = (OBSERVATIONS.c.source_id, OBSERVATIONS.c.content)
    some = select(*columns).where(*theirs).order_by(OBSERVATIONS.c.source_id).limit(AT_ONCE)
    found = [] if provenance is None else (await unit.session.execute(some)).all()
    if not found or provenance is None:
        await _note(unit.session, row.id, state="asking", seen=row.records if provenance is not None else 0)
        return
    page = row.seen // AT_ONCE + 1
    event = UsersObserved(
        provenance=provenance,
        page=page,
        fetched_at=now(),
        source_ids=[one.source_id for one in found],
        records=[read_content(one.content) for one in found],
    )
    items = await _plan(unit, event, await _compiled(unit, row, asked))
    changing = [item for item in items if item["action"] != "unchanged"]
    rows = [
        {
            **item,
            "run_id": row.id,
            "page": page,
            "place": place,
            "fetched_at": event.fetched_at,
            "outcome": None,
            "record": None,
            "fingerprint": None,
        }
        for place, item in enumerate(changing)
    ]
    await put(unit.session, PLAN_ITEMS, rows)
    fields = Counter(row.fields) + Counter(f"{kind}.{key}" for item in changing for kind, pairs in item["changes"].items() for key in pairs)
    await _note(
        unit.session,
        row.id,
        source_cursor=found[-1].source_id,
        seen=row.seen + len(found),
        unchanged=row.unchanged + len(items) - len(changing),
        fields=dict(fields),
    )


async def _plan(unit: Unit, event: UsersObserved, compiled: Compiled) -> list[dict[str, Any]]:
    """Plan a page after those before it: what they would take or give up is seen."""
    known = await meet(unit.session, event.provenance.integration_id, event.source_ids, compiled.authority)
    prints: dict[str, str] = {}
    [(_, plan)] = await planned(unit, [event], compiled, known, staging=True, prints=prints)
    claims = [
        {"run_id": event.provenance.run_id, "value": value, "field": key, "record_id": record_id, "source_id": source_id}
        for (key, value), (record_id, source_id) in claims_of_plan(plan, compiled).items()
    ]
    await put(unit.session, PLAN_CLAIMS, claims, replacing=("record_id", "source_id"))
    return list(items_of(plan, prints, compiled.object_type))


async def _provenance(session: AsyncSession, row: Row[Any], asked: ForecastIn) -> Provenance | None:
    """Return where the records come from: as the last run said, but for what is to change."""
    said = await session.scalar(select(MAPPING_USES.c.provenance).where(MAPPING_USES.c.integration_id == row.integration_id))
    if said is None:
        return None
    given = asked.model_dump(mode="json", exclude_none=True, include={"preference", "user_selection", "saas_instance_id"})
    beside = {"run_id": str(row.id), "mode": "plan", "replayed": False, "plan_run_id": None}
    return Provenance.model_validate({**said, **given, **beside})


async def _compiled(unit: Unit, row: Row[Any], asked: ForecastIn) -> Compiled:
    before = await current(unit.session, row.integration_id)
    if asked.mapping is None:
        compiled: Compiled = await unit.parts.compiled.current(unit.session, row.integration_id)
        return compiled
    content = {name: getattr(asked.mapping, name) for name in CONTENT}
    thought_of = MappingOut(integration_id=row.integration_id, version=before.version + 1, author=None, created_at=None, **content)
    known = await fields_of(unit.session, thought_of.object_type)
    orders = await authority_of(unit.session, thought_of.object_type, known)
    return compile_mapping(thought_of, known, await fields_of(unit.session, "saas_user"), authority=orders)


async def _note(session: AsyncSession, forecast_id: UUID, **values: Any) -> None:
    await session.execute(update(FORECASTS).where(FORECASTS.c.id == forecast_id).values(values))
