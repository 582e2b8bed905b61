"""Applying a plan: a run of its own, which reads nothing, and lets the mapper do what it wrote down."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, func, insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from connector.integrations.integrations import Stored, stored_integration
from connector.runs.beginning import provenance_of
from connector.runs.books import settle
from connector.runs.claims import Claim
from connector.runs.log import log_state
from connector.runs.phases import ABSENCE, SETTLING
from connector.runs.runs import read_row, request_run
from connector.runs.suspects import found
from connector.runs.watermarks import LOADED
from connector.tables import RUN_PAGES, RUNS
from shared.api.plans import PlanOut
from shared.api.runs import RunOut
from shared.clock import now
from shared.errors import Conflict
from shared.events.sources import PlannedPageApproved, ProofOfAbsence, Provenance, UsersProvenAbsent
from shared.unit import Unit, Units

AT_ONCE = 200
"""Pages that are approved in one transaction."""


class NoPlan(Conflict):
    """The run planned nothing that could be applied."""

    code = "not_a_plan"


class PlanApplied(Conflict):
    """A run applies the plan, or has applied it."""

    code = "plan_applied"


class PlanOutdated(Conflict):
    """The plan was made under another mapping, or another setting of the integration."""

    code = "plan_outdated"


async def request_apply(unit: Unit, run_id: UUID, plan: PlanOut) -> RunOut:
    """Queue a run that applies a plan as it stands.

    Raises `RunNotFound`, `NoPlan`, `PlanApplied`, `PlanOutdated`, and what `request_run` raises.
    """
    row = await read_row(unit.session, run_id)
    if row.mode != "plan" or row.state not in LOADED:
        said = f"it is {row.state}" if row.mode == "plan" else "it wrote at once"
        raise NoPlan(f"the run has no plan to apply: {said}", remedy="Ask for a run with mode plan, and apply it once it has completed.")
    stored = await stored_integration(unit.session, row.integration_id, locked=True)
    if changed := _changed(stored, Provenance.model_validate(row.provenance), plan):
        raise PlanOutdated(f"the plan holds no longer: {changed} changed after it was made", remedy="Plan again, and apply that plan.")
    await _not_applied(unit.session, run_id)
    return await request_run(unit, row.integration_id, kind="apply", plan_of=run_id)


class Applying:
    """One worker's approval of one plan's pages, from the last committed one on."""

    def __init__(self, units: Units, held: Claim) -> None:
        self._units = units
        self._held = held
        self._plan_of: UUID = held.row.plan_of
        self._provenance = provenance_of(held)
        self._pages: int = held.row.pages

    async def tell(self) -> None:
        """Approve everything that is left, then wait for the mapper. Raises `LeaseLost`."""
        while True:
            async with self._units.begin(correlation_id=self._held.row.correlation_id, actor=self._provenance.integration_user) as unit:
                pages = await self._next(unit.session)
                if not pages:
                    await self._finish(unit)
                    return
                await self._approve(unit, pages)

    async def _next(self, session: AsyncSession) -> Sequence[Row[Any]]:
        theirs = (RUN_PAGES.c.run_id == self._plan_of, RUN_PAGES.c.page > self._pages)
        return (await session.execute(select(RUN_PAGES).where(*theirs).order_by(RUN_PAGES.c.page).limit(AT_ONCE))).all()

    async def _approve(self, unit: Unit, pages: Sequence[Row[Any]]) -> None:
        last, records = pages[-1].page, sum(page.told for page in pages)
        await self._held.advance(unit.session, pages=last, fetched=RUNS.c.fetched + records)
        rows = [_row(self._held.run_id, page) for page in pages]
        await unit.session.execute(insert(RUN_PAGES), rows)
        for page in pages:
            unit.record(approved(self._provenance, self._plan_of, page))
        self._pages = last

    async def _finish(self, unit: Unit) -> None:
        run_id = self._held.run_id
        proofs = [ProofOfAbsence.model_validate(row.proof) for row in await found(unit.session, self._plan_of, "absent")]
        listed = (await unit.session.execute(_listed(self._plan_of))).one()
        phase = ABSENCE if proofs else SETTLING
        await self._held.advance(unit.session, keep=False, state="applying", phase=phase, applying_since=now())
        await log_state(unit.session, run_id, "applying", pages=self._pages, absent=len(proofs))
        if proofs:
            unit.record(UsersProvenAbsent(provenance=self._provenance, proofs=proofs, pages=listed.pages, records=listed.records or 0))
        else:
            await settle(unit, run_id)


def approved(provenance: Provenance, plan_run_id: UUID, page: Row[Any]) -> PlannedPageApproved:
    """Return what is told of a page that may be applied."""
    return PlannedPageApproved(provenance=provenance, plan_run_id=plan_run_id, page=page.page, part=page.part, records=page.told)


async def _not_applied(session: AsyncSession, run_id: UUID) -> None:
    """Raise `PlanApplied` unless whatever tried before came to nothing: what it did apply is not applied again."""
    tried = select(RUNS.c.id, RUNS.c.state).where(RUNS.c.plan_of == run_id, RUNS.c.state.not_in(("failed", "cancelled")))
    other = (await session.execute(tried.limit(1))).first()
    if other is not None:
        raise PlanApplied(f"run {other.id} applies this plan: {other.state}", remedy="Plan again.", run_id=str(other.id))


def _changed(stored: Stored, planned: Provenance, plan: PlanOut) -> str | None:
    if plan.mapping_version not in (0, plan.current_mapping_version):
        return f"the mapping (version {plan.mapping_version} is now {plan.current_mapping_version})"
    for name in ("user_selection", "preference", "saas_instance_id"):
        if getattr(stored.row, name) != getattr(planned, name):
            return name
    return None


def _listed(run_id: UUID) -> Any:
    theirs = (RUN_PAGES.c.run_id == run_id, RUN_PAGES.c.kind == "listing")
    return select(func.count().label("pages"), func.sum(RUN_PAGES.c.records).label("records")).where(*theirs)


def _row(run_id: UUID, page: Row[Any]) -> dict[str, Any]:
    return {
        "run_id": run_id,
        "page": page.page,
        "kind": "plan",
        "part": page.part,
        "records": page.told,
        "told": page.told,
        "fetched_at": page.fetched_at,
        "fetch_ms": None,
        "committed_at": now(),
        "applied_at": None,
    }
