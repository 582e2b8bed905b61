"""Approved pages: what was written down of them is done, as far as it still holds."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Row, select, update

from mapper.mappings.compiled import Compiled
from mapper.mappings.evaluate import Problem
from mapper.matching.conflict import IGNORED, MatchCandidate
from mapper.matching.keeping import keep_conflicts
from mapper.observations.keeping import keep_observed
from mapper.pages.applying import tell_page, write_pages
from mapper.pages.assigning import read_assigned
from mapper.pages.candidates import Candidate
from mapper.pages.comparing import compare
from mapper.pages.plan import PUT_AWAY, Plan
from mapper.pages.planning import Planner
from mapper.pages.quieting import measured
from mapper.pages.reading import Known, meet, read_more, read_orders
from mapper.plans.fingerprints import fingerprint
from mapper.records.loading import portions
from mapper.records.unique import Claim
from mapper.tables import PLAN_ITEMS
from mapper.undo.coming_again import hushed
from mapper.why.held_back import keep_held_back
from shared.clock import now
from shared.events.sources import PlannedPageApproved, UsersObserved
from shared.events.syncs import Rejection
from shared.unit import Unit

MOVED = Problem(
    "moved_since_planned",
    "id",
    "what this record belongs to, or its mapping, changed after the plan was made, so it was left as it is",
    "Run the integration again, or replay this record if what it says shall hold.",
)

COUNTED_AS = {"skip": "skipped", "filter": "filtered"}
"""By what was planned for records that have nothing to apply."""


async def apply_planned(unit: Unit, event: PlannedPageApproved) -> None:
    """Do what a page's plan says to those of its records that have not moved since; the others are named, and left as they are."""
    provenance, plan = event.provenance, Plan()
    compiled: Compiled = await unit.parts.compiled.current(unit.session, provenance.integration_id, provenance.run_id)
    items = await _items(unit, event)
    waiting = {item.source_id: item for item in items if item.fingerprint is not None and item.outcome is None}
    told = _observed(event, list(waiting.values()))
    known = await meet(unit.session, provenance.integration_id, waiting, compiled.authority)
    still = await _unmoved(unit, told, compiled, known, plan, items=waiting)
    if still:
        Planner(compiled, provenance, known, plan, now()).place(still)
    await write_pages(unit, [(told, plan)], compiled, known)
    await _note_outcomes(unit, event, waiting, plan)
    _account_for_the_rest(event, items, plan)
    skipped = [item for item in items if item.action == "skip"]
    by_code = {
        code: [item.source_id for item in skipped if (item.problem or {}).get("code") == code] for code in (PUT_AWAY.code, IGNORED.code)
    }
    plan.put_away += by_code[PUT_AWAY.code]
    plan.ignored += by_code[IGNORED.code]
    plan.skipped_when_planned += [item.source_id for item in skipped if item.problem is None]
    await keep_conflicts(unit.session, [(told, plan)], compiled)
    await keep_held_back(unit.session, [(told, plan)], compiled)
    await keep_observed(unit.session, [(told, plan)], compiled, known)
    tell_page(unit, told, plan)


async def _items(unit: Unit, event: PlannedPageApproved) -> Sequence[Row[Any]]:
    table = PLAN_ITEMS.c
    statement = select(PLAN_ITEMS).where(table.run_id == event.plan_run_id, table.page == event.page).order_by(table.place)
    return (await unit.session.execute(statement)).all()


def _observed(event: PlannedPageApproved, items: Sequence[Row[Any]]) -> UsersObserved:
    """Return the page as it was observed, under the run that applies it."""
    return UsersObserved(
        provenance=event.provenance,
        page=event.page,
        part=event.part,
        fetched_at=items[0].fetched_at if items else now(),
        source_ids=[item.source_id for item in items],
        records=[item.record for item in items],
    )


async def _unmoved(
    unit: Unit, told: UsersObserved, compiled: Compiled, known: Known, plan: Plan, *, items: dict[str, Row[Any]]
) -> list[Candidate]:
    """Return the records whose decision rests on what it rested on; note the others."""
    # Whoever is asked for here passed the filter of the version that the plan rests on; another version has another fingerprint.
    changed = list(compare(told, replace(compiled, filter=None), known, plan, unit.parts.zone))
    if not changed:
        return []
    measured_now = await measured(unit.session, [told], [changed], compiled, known, zone=unit.parts.zone)
    [changed] = await hushed(unit.session, told.provenance.integration_id, measured_now)
    claims: set[Claim] = {claim for candidate in changed for claim in (*candidate.claims, *candidate.keys)}
    await read_more(unit.session, known, told.provenance, claims, {candidate.source_id for candidate in changed})
    await read_orders(unit.session, known, told.provenance, compiled.unique)
    await read_assigned(unit.session, known, told.provenance, changed)
    still = []
    for candidate in changed:
        link = known.links.get(candidate.source_id)
        seen_since = link is not None and link.last_observed_at > told.fetched_at
        if seen_since or fingerprint(candidate, known, compiled.version) != items[candidate.source_id].fingerprint:
            plan.reject(candidate.source_id, MOVED, candidate.record)
        else:
            still.append(candidate)
    return still


async def _note_outcomes(unit: Unit, event: PlannedPageApproved, waiting: dict[str, Row[Any]], plan: Plan) -> None:
    moved = [rejection.source_id for rejection in plan.rejections if rejection.code == MOVED.code]
    failed = [rejection.source_id for rejection in plan.rejections if rejection.code != MOVED.code]
    theirs = (PLAN_ITEMS.c.run_id == event.plan_run_id, PLAN_ITEMS.c.page == event.page, PLAN_ITEMS.c.outcome.is_(None))
    for outcome, source_ids in (("moved", moved), ("failed", failed), ("applied", waiting)):
        await _note(unit, theirs, outcome, source_ids)


async def _note(unit: Unit, theirs: tuple[Any, ...], outcome: str, source_ids: Iterable[str]) -> None:
    for portion in portions(source_ids):
        mine = (*theirs, PLAN_ITEMS.c.source_id.in_(portion), PLAN_ITEMS.c.fingerprint.is_not(None))
        await unit.session.execute(update(PLAN_ITEMS).where(*mine).values(outcome=outcome))


def _account_for_the_rest(event: PlannedPageApproved, items: Sequence[Row[Any]], plan: Plan) -> None:
    """Count the records that had nothing to apply, and those whose plan is gone."""
    for item in items:
        if item.fingerprint is not None and item.outcome is None:
            continue
        if item.action == "reject":
            plan.counts["failed"] += 1
            problem = dict(item.problem)
            if (candidates := problem.pop("candidates", None)) is not None:
                plan.conflicts[item.source_id] = [MatchCandidate.read(one) for one in candidates]
            plan.rejections.append(Rejection(source_id=item.source_id, record=item.record, **problem))
        else:
            plan.counts[COUNTED_AS.get(item.action, "unchanged")] += 1
    if lost := event.records - len(items):
        plan.counts["failed"] += lost
        message = f"the plan of {lost} records of this page is kept no longer"
        plan.rejections.append(Rejection(source_id="", code="plan_gone", message=message, remedy="Run the integration again."))
