"""Applying one page of observations, in the transaction of its event, with a number of statements that does not grow with the page."""

from sqlalchemy import update

from mapper.filters.kept import keep_filtered
from mapper.filters.settling import note_run
from mapper.guard.tray import seen_again
from mapper.mappings.compiled import Compiled
from mapper.pages.comparing import compare, usable
from mapper.pages.linking import write_links
from mapper.pages.planning import Plan, Planner
from mapper.pages.reading import Known, links_of, read_more
from mapper.plans.fingerprints import fingerprint
from mapper.plans.overlay import see_planned
from mapper.plans.rewrites import is_staging, rewrites_too_much
from mapper.plans.staging import stage
from mapper.records.changing import Draft, write
from mapper.records.unique import Claim, rewrite
from mapper.tables import LINKS
from shared.clock import now
from shared.events.records import Cause, RecordType
from shared.events.sources import Provenance, UsersObserved
from shared.events.syncs import PageApplied, PageCounts
from shared.observability.logging import get_logger
from shared.unit import Unit

log = get_logger(__name__)


async def apply_page(unit: Unit, event: UsersObserved) -> None:
    """Bring People and SaaS users up to date with one page, and tell the connector what became of each record.

    The page of a plan is written down instead, and so is one that rewrites more than a run may without being asked.
    """
    provenance = event.provenance
    compiled: Compiled = await unit.parts.compiled.current(unit.session, provenance.integration_id, provenance.run_id)
    seen = list(dict.fromkeys(source_id for source_id in event.source_ids if usable(source_id)))
    known = Known(await links_of(unit.session, provenance.integration_id, seen))
    if provenance.mode == "apply":
        await _mark_seen(unit, event, known)
        if event.page == 1 and not provenance.replayed:
            await note_run(unit.session, provenance, compiled.version)
    staging = await is_staging(unit.session, provenance)
    if staging:
        await see_planned(unit.session, provenance.run_id, known, seen)
    plan, prints = await planned(unit, event, compiled, known, staging=staging)
    if not staging and await rewrites_too_much(unit, provenance, compiled, plan.counts["updated"]):
        staging = True
    await keep_filtered(unit.session, event, compiled.version, plan.filtered)
    if staging:
        await stage(unit, event, compiled, plan, prints)
    else:
        await write_page(unit, event, compiled, known, plan)
    if provenance.mode == "plan" or not staging:
        tell_page(unit, event, plan)


async def planned(unit: Unit, event: UsersObserved, compiled: Compiled, known: Known, *, staging: bool) -> tuple[Plan, dict[str, str]]:
    """Return what the page does, and the fingerprint of what each decision rests on."""
    plan = Plan()
    changed = list(compare(event, compiled, known, plan, unit.parts.zone))
    if not changed:
        return plan, {}
    claims: set[Claim] = {claim for candidate in changed for claim in candidate.claims}
    await read_more(unit.session, known, event.provenance, claims, {candidate.source_id for candidate in changed})
    if staging:
        await see_planned(unit.session, event.provenance.run_id, known, (), claims)
    prints = {candidate.source_id: fingerprint(candidate, known, compiled.version) for candidate in changed}
    Planner(compiled, event.provenance, known, plan, now()).place(changed)
    return plan, prints


def tell_page(unit: Unit, event: UsersObserved, plan: Plan) -> None:
    """Tell the connector what became of each record of a page."""
    integration_id, run_id = event.provenance.integration_id, event.provenance.run_id
    counts = PageCounts(**plan.counts)
    unit.record(PageApplied(integration_id=integration_id, run_id=run_id, page=event.page, counts=counts, rejections=plan.rejections))
    told = {name: count for name, count in plan.counts.items() if count}
    log.info("page_applied", integration_id=str(integration_id), run_id=str(run_id), page=event.page, mode=event.provenance.mode, **told)


async def _mark_seen(unit: Unit, event: UsersObserved, known: Known) -> None:
    """Note that the listing showed everybody who has a link, also those whose record is rejected or skipped.

    What is told again shows nobody anew.
    """
    if not known.links or event.provenance.replayed:
        return
    provenance = event.provenance
    seen = (LINKS.c.source_id.in_(list(known.links)), LINKS.c.integration_id == provenance.integration_id)
    # The tray before the links, as whoever releases locks them.
    await seen_again(unit.session, provenance.integration_id, known.links, event.fetched_at)
    shown = {"last_run_id": provenance.run_id, "last_observed_at": event.fetched_at, "part": event.part}
    await unit.session.execute(update(LINKS).where(*seen).values(shown))


async def write_page(unit: Unit, event: UsersObserved, compiled: Compiled, known: Known, plan: Plan) -> None:
    """Write what a page does: records, revisions, unique values, links."""
    if not plan.links:
        return
    provenance = event.provenance
    cause = _cause(provenance, event.page)
    quiet = {one for linked in plan.links if linked.candidate.quiet for one in (linked.person_id, linked.saas_user_id)}
    people = list(plan.people.values())

    async def written(record_type: RecordType, drafts: list[Draft], untold: frozenset[str]) -> None:
        parts = {initial: [draft for draft in drafts if (provenance.initial or draft.id in quiet) is initial] for initial in (False, True)}
        for initial, some in parts.items():
            await write(unit, record_type, some, cause=cause, untold=untold, initial=initial)

    await written("person", people, compiled.untold)
    await rewrite(unit.session, "person", people, compiled.unique)
    await written("saas_user", list(plan.saas_users.values()), compiled.untold_of_saas_users)
    await write_links(unit, event, known, plan)


def _cause(provenance: Provenance, page: int) -> Cause:
    detail = f"{provenance.integration_name}, page {page}"
    return Cause(kind="run", id=str(provenance.run_id), actor=provenance.integration_user, detail=detail)
