"""Runs that would rewrite many records: the mapper holds their pages back, and beyond a limit they wait for somebody to approve."""

from typing import Any
from uuid import UUID

from sqlalchemy import Row, select, update

from connector.notices.raising import resolve
from connector.notices.saying import say_run_waits
from connector.runs.log import log_state
from connector.runs.phases import ENDED, WAITING
from connector.runs.runs import RunNotFound
from connector.tables import RUN_PAGES, RUNS
from shared.clock import now
from shared.errors import Conflict
from shared.events.sources import PlannedPageApproved, Provenance
from shared.events.syncs import PageStaged
from shared.observability.logging import get_logger
from shared.unit import Unit

log = get_logger(__name__)


class RunNotWaiting(Conflict):
    """The run does not wait for anybody's approval."""

    code = "run_not_waiting"


async def enter_staged(unit: Unit, event: PageStaged) -> None:
    """Count a page that the mapper holds back, once."""
    page = update(RUN_PAGES).where(RUN_PAGES.c.run_id == event.run_id, RUN_PAGES.c.page == event.page, RUN_PAGES.c.applied_at.is_(None))
    if (
        await unit.session.execute(page.where(RUN_PAGES.c.staged_at.is_(None)).values(staged_at=now()).returning(RUN_PAGES.c.page))
    ).first():
        added = {
            "pages_staged": RUNS.c.pages_staged + 1,
            "would_update": RUNS.c.would_update + event.would_update,
            "existing": event.existing,
        }
        await unit.session.execute(update(RUNS).where(RUNS.c.id == event.run_id).values(added))


async def approve_or_wait(unit: Unit, row: Row[Any], then: str) -> None:
    """Let the pages that are held back be applied if they rewrite few enough; otherwise let the run wait. `then` is its next phase."""
    settings = unit.parts.settings
    would, limit = row.updated + row.would_update, max(settings.rewrite_stop_records, row.existing * settings.rewrite_stop_percent // 100)
    if would <= limit:
        await _approve(unit, row, then)
        return
    values = {"state": "waiting_for_approval", "phase": WAITING, "resume_phase": then, "applying_since": now(), "lease_until": None}
    await unit.session.execute(update(RUNS).where(RUNS.c.id == row.id).values(values))
    await log_state(unit.session, row.id, "waiting_for_approval", would_update=would, existing=row.existing, limit=limit)
    await say_run_waits(unit.session, row, would)
    log.warning("run_waits_for_approval", run_id=str(row.id), would_update=would, existing=row.existing, limit=limit)


async def approve_run(unit: Unit, run_id: UUID) -> None:
    """Let a run go on that waits. Raises `RunNotFound`, `RunNotWaiting`."""
    row = await waiting_run(unit, run_id)
    await log_state(unit.session, run_id, "approved", by=unit.actor[:200], would_update=row.updated + row.would_update)
    await _approve(unit, row, row.resume_phase)


async def waiting_run(unit: Unit, run_id: UUID) -> Row[Any]:
    """Return a run that waits for approval, locked. Raises `RunNotFound`, `RunNotWaiting`."""
    row = (await unit.session.execute(select(RUNS).where(RUNS.c.id == run_id).with_for_update())).first()
    if row is None:
        raise RunNotFound(f"there is no run {run_id}", remedy="List the integration's runs to see those there are.")
    if row.phase != WAITING:
        raise RunNotWaiting(f"the run is {row.state}", remedy="Only a run in the state waiting_for_approval can be approved or rejected.")
    return row


async def give_up_staged(unit: Unit, row: Row[Any]) -> Row[Any]:
    """Count the records of the pages that are held back as withheld: they are never applied. Return the run as it is then."""
    held = select(RUN_PAGES.c.told).where(
        RUN_PAGES.c.run_id == row.id, RUN_PAGES.c.staged_at.is_not(None), RUN_PAGES.c.applied_at.is_(None)
    )
    records = sum(await unit.session.scalars(held))
    values = {"withheld": RUNS.c.withheld + records, "pages_staged": 0, "lease_until": None}
    await log_state(unit.session, row.id, "given_up", by=unit.actor[:200], pages=row.pages_staged, records=records)
    given_up: Row[Any] = (await unit.session.execute(update(RUNS).where(RUNS.c.id == row.id).values(values).returning(RUNS))).one()
    return given_up


async def _approve(unit: Unit, row: Row[Any], then: str) -> None:
    values = {"pages_staged": 0, "phase": then, "state": "applying", "applying_since": now(), "lease_until": None}
    await unit.session.execute(update(RUNS).where(RUNS.c.id == row.id, RUNS.c.phase != ENDED).values(values))
    await resolve(unit.session, ["waiting_for_approval"], f"integration:{row.integration_id}")
    provenance = Provenance.model_validate(row.provenance)
    held = (RUN_PAGES.c.run_id == row.id, RUN_PAGES.c.staged_at.is_not(None), RUN_PAGES.c.applied_at.is_(None))
    for page in await unit.session.execute(select(RUN_PAGES).where(*held).order_by(RUN_PAGES.c.page)):
        told = {"page": page.page, "part": page.part, "records": page.told}
        unit.record(PlannedPageApproved(provenance=provenance, plan_run_id=row.id, **told))
