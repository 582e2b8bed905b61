"""Applying pages of observations, in the transaction of their events, with a number of statements that does not grow with the records."""

from collections.abc import Iterator, Sequence
from itertools import chain

from sqlalchemy import bindparam, update

from mapper.authority.remembering import write_assertions
from mapper.fields.choices import grow
from mapper.filters.kept import keep_filtered
from mapper.filters.settling import note_run
from mapper.guard.tray import seen_again
from mapper.history.runs import note_began, note_wrote
from mapper.mappings.compiled import Compiled
from mapper.matching.holding import drop_key_values, giving_up
from mapper.matching.keeping import keep_conflicts
from mapper.observations.keeping import keep_observed
from mapper.pages.assigning import assign_late, read_assigned
from mapper.pages.candidates import Candidate
from mapper.pages.comparing import compare, usable
from mapper.pages.linking import retiring, write_links
from mapper.pages.plan import Plan
from mapper.pages.planning import Planner
from mapper.pages.quieting import lay_baselines, measured
from mapper.pages.reading import Known, meet, read_more, read_orders
from mapper.plans.fingerprints import fingerprint
from mapper.plans.overlay import see_planned
from mapper.plans.rewrites import is_staging, may_rewrite, rewrites_too_much
from mapper.plans.staging import stage
from mapper.records.changing import Draft, write
from mapper.records.many import among
from mapper.records.unique import Claim, rewrite
from mapper.tables import LINKS
from mapper.undo.coming_again import hushed, made
from mapper.why.held_back import keep_held_back
from mapper.why.origins import note_origins
from shared.clock import now
from shared.events.records import Cause, RecordType
from shared.events.sources import Provenance, UsersObserved
from shared.events.syncs import PageApplied, PageCounts
from shared.observability.logging import get_logger
from shared.unit import Unit

log = get_logger(__name__)

CONFIGURED = "as the configuration was changed"
"""Said of changes that are not, or not only, the source's."""

Planned = Sequence[tuple[UsersObserved, Plan]]
"""Pages, each with what it does."""


async def apply_pages(unit: Unit, events: Sequence[UsersObserved]) -> None:
    """Bring People and SaaS users, or assets, up to date with pages of one integration, and tell the connector what became of each record.

    The page of a plan is written down instead, and so is one that rewrites more than a run may without being asked.
    """
    for pages in _together(events):
        provenance = pages[0].provenance
        compiled: Compiled = await unit.parts.compiled.current(unit.session, provenance.integration_id, provenance.run_id)
        if len(pages) == 1 or not await _apply_several(unit, pages, compiled):
            for page in pages:
                await _apply(unit, page, compiled)


def _together(events: Sequence[UsersObserved]) -> Iterator[Sequence[UsersObserved]]:
    """Part the pages into those that can be applied as one: no user is on two of them, and none depends on what another one staged."""
    pages: list[UsersObserved] = []
    shown: set[str] = set()
    for event in events:
        if pages and (event.provenance != pages[0].provenance or event.provenance.mode == "plan" or not shown.isdisjoint(event.source_ids)):
            yield pages
            pages, shown = [], set()
        pages.append(event)
        shown.update(event.source_ids)
    yield pages


async def _apply_several(unit: Unit, pages: Sequence[UsersObserved], compiled: Compiled) -> bool:
    """Apply pages as one; return False, with no record changed, when they have to be looked at one by one."""
    provenance = pages[0].provenance
    if await is_staging(unit.session, provenance):
        return False
    known = await _known(unit, pages, compiled)
    await _mark_seen(unit, pages, known)
    await _note_run(unit, pages[0], compiled)
    todo = await planned(unit, pages, compiled, known)
    updates = sum(plan.counts["updated"] for _, plan in todo)
    if not await may_rewrite(unit, provenance, compiled, updates):
        return False
    for event, plan in todo:
        await keep_filtered(unit.session, event, compiled.version, plan.filtered)
    await write_pages(unit, todo, compiled, known)
    await keep_conflicts(unit.session, todo, compiled)
    await keep_held_back(unit.session, todo, compiled)
    await keep_observed(unit.session, todo, compiled, known)
    for event, plan in todo:
        tell_page(unit, event, plan)
    return True


async def _apply(unit: Unit, event: UsersObserved, compiled: Compiled) -> None:
    """Apply a page, or write down what it would do."""
    provenance = event.provenance
    known = await _known(unit, [event], compiled)
    if provenance.mode == "apply":
        await _mark_seen(unit, [event], known)
        await _note_run(unit, event, compiled)
    staging = await is_staging(unit.session, provenance)
    if staging:
        await see_planned(unit.session, provenance.run_id, known, _usable([event]))
    prints: dict[str, str] = {}
    [(_, plan)] = await planned(unit, [event], compiled, known, staging=staging, prints=prints)
    if not staging and await rewrites_too_much(unit, provenance, compiled, plan.counts["updated"]):
        staging = True
    await keep_filtered(unit.session, event, compiled.version, plan.filtered)
    if staging:
        await stage(unit, event, compiled, plan, prints)
    else:
        await write_pages(unit, [(event, plan)], compiled, known)
        await keep_conflicts(unit.session, [(event, plan)], compiled)
        await keep_held_back(unit.session, [(event, plan)], compiled)
        await keep_observed(unit.session, [(event, plan)], compiled, known)
    if provenance.mode == "plan" or not staging:
        tell_page(unit, event, plan)


async def _note_run(unit: Unit, first: UsersObserved, compiled: Compiled) -> None:
    """Note with which version of the mapping a run begins that writes."""
    if first.page == 1 and not first.provenance.replayed:
        await note_run(unit.session, first.provenance, compiled.version)


async def _known(unit: Unit, pages: Sequence[UsersObserved], compiled: Compiled) -> Known:
    return await meet(unit.session, pages[0].provenance.integration_id, _usable(pages), compiled.authority)


def _usable(pages: Sequence[UsersObserved]) -> list[str]:
    return list(dict.fromkeys(source_id for event in pages for source_id in event.source_ids if usable(source_id)))


async def planned(
    unit: Unit,
    pages: Sequence[UsersObserved],
    compiled: Compiled,
    known: Known,
    *,
    staging: bool = False,
    prints: dict[str, str] | None = None,
) -> Planned:
    """Return what each page does, after those before it; `prints` takes the fingerprint of what each decision rests on."""
    todo = [(event, Plan()) for event in pages]
    changed = [list(compare(event, compiled, known, plan, unit.parts.zone)) for event, plan in todo]
    if not any(changed):
        return todo
    provenance = pages[0].provenance
    changed = await measured(unit.session, pages, changed, compiled, known, zone=unit.parts.zone)
    changed = await hushed(unit.session, provenance.integration_id, changed)
    every = list(chain.from_iterable(changed))
    claims: set[Claim] = {claim for candidate in every for claim in (*candidate.claims, *candidate.keys)}
    await read_more(unit.session, known, provenance, claims, {candidate.source_id for candidate in every})
    if staging:
        await see_planned(unit.session, provenance.run_id, known, (), claims)
    await read_orders(unit.session, known, provenance, compiled.unique)
    if prints is not None:
        prints.update(_prints(every, known, compiled))
    await read_assigned(unit.session, known, provenance, every)
    at = now()
    for (event, plan), candidates in zip(todo, changed, strict=True):
        Planner(compiled, event.provenance, known, plan, at).place(candidates)
    return todo


def _prints(candidates: Sequence[Candidate], known: Known, compiled: Compiled) -> dict[str, str]:
    return {candidate.source_id: fingerprint(candidate, known, compiled.version) for candidate in candidates}


def tell_page(unit: Unit, event: UsersObserved, plan: Plan) -> None:
    """Tell the connector what became of each record of a page."""
    integration_id, run_id = event.provenance.integration_id, event.provenance.run_id
    counts = PageCounts(**plan.counts)
    unit.record(
        PageApplied(
            causation_id=event.id,
            integration_id=integration_id,
            run_id=run_id,
            page=event.page,
            counts=counts,
            held_values=plan.held_values,
            rejections=plan.rejections,
        )
    )
    told = {name: count for name, count in {**plan.counts, "held_values": plan.held_values}.items() if count}
    log.info("page_applied", integration_id=str(integration_id), run_id=str(run_id), page=event.page, mode=event.provenance.mode, **told)


async def _mark_seen(unit: Unit, pages: Sequence[UsersObserved], known: Known) -> None:
    """Note that the listing showed everybody who has a link, also those whose record is rejected or skipped.

    What is told again shows nobody anew.
    """
    provenance = pages[0].provenance
    if not known.links or provenance.replayed:
        return
    shown = [(event, [source_id for source_id in event.source_ids if source_id in known.links]) for event in pages]
    # The tray before the links, as whoever releases locks them.
    await seen_again(unit.session, provenance.integration_id, {one: event.fetched_at for event, seen in shown for one in seen})
    seen = (among(unit.session, LINKS.c.source_id, "shown"), LINKS.c.integration_id == provenance.integration_id)
    values = {"last_run_id": provenance.run_id, "last_observed_at": bindparam("at"), "part": bindparam("of_part")}
    marked = [{"shown": source_ids, "at": event.fetched_at, "of_part": event.part} for event, source_ids in shown]
    await unit.session.execute(update(LINKS).where(*seen).values(values), marked)


async def write_pages(unit: Unit, planned: Planned, compiled: Compiled, known: Known) -> None:
    """Write what pages of one run do: records, revisions, unique values, links."""
    provenance = planned[0][0].provenance
    if written := [(event, plan) for event, plan in planned if plan.links]:
        await _write_records(unit, written, compiled, known)
    if await assign_late(unit, planned, _cause(provenance, [event.page for event, _ in planned]), compiled.version):
        await note_wrote(unit.session, provenance.run_id)


async def _write_records(unit: Unit, written: Planned, compiled: Compiled, known: Known) -> None:
    provenance = written[0][0].provenance
    people = [draft for _, plan in written for draft in plan.people.values()]
    saas_users = [draft for _, plan in written for draft in plan.saas_users.values()]
    for event, plan in written:
        lay_baselines(plan, compiled)
        of_page = _cause(provenance, [event.page])
        by_configuration = of_page.model_copy(update={"detail": f"{of_page.detail}, {CONFIGURED}"})
        for draft in chain(plan.people.values(), plan.saas_users.values()):
            draft.cause = by_configuration if draft.baseline else of_page
    cause = _cause(provenance, [event.page for event, _ in written])
    linked = [linked for _, plan in written for linked in plan.links]
    quiet = {one for linked in linked if linked.candidate.quiet for one in (linked.person_id, linked.saas_user_id)}
    # Before anybody takes what another one gives up, in whichever order they are written.
    await drop_key_values(unit.session, giving_up(people, compiled.match_keys))
    await note_began(unit.session, provenance, compiled.version)
    closing = await retiring(unit, provenance, known, linked)
    for _, plan in written:
        note_origins(plan, compiled, known, closing)

    async def write_all(record_type: RecordType, drafts: Sequence[Draft], untold: frozenset[str]) -> None:
        parts = {initial: [draft for draft in drafts if (provenance.initial or draft.id in quiet) is initial] for initial in (False, True)}
        for initial, some in parts.items():
            await write(unit, record_type, some, cause=cause, untold=untold, initial=initial)

    await write_all(compiled.object_type, people, compiled.untold)
    await rewrite(unit.session, compiled.object_type, people, compiled.unique)
    await grow(unit.session, compiled.growing, (draft.fields for draft in people))
    await write_all("saas_user", saas_users, compiled.untold_of_saas_users)
    await write_links(unit, written, known)
    await write_assertions(unit.session, provenance.integration_id, linked, compiled)
    await made(unit.session, provenance.integration_id, [one.candidate.source_id for one in linked])
    await note_wrote(unit.session, provenance.run_id)


def _cause(provenance: Provenance, pages: Sequence[int]) -> Cause:
    which = f"page {pages[0]}" if len(pages) == 1 else f"pages {pages[0]} to {pages[-1]}"
    detail = f"{provenance.integration_name}, {which}"
    return Cause(kind="run", id=str(provenance.run_id), actor=provenance.integration_user, detail=detail)
