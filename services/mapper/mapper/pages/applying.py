"""Applying one page of observations, in the transaction of its event, with a number of statements that does not grow with the page."""

import hashlib
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import update

from mapper.mappings.evaluate import Context, Problem, evaluate
from mapper.mappings.mappings import Compiled, compile_current
from mapper.pages.planning import Candidate, Plan, Planner
from mapper.pages.reading import Known, links_of, read_more
from mapper.records.changing import write
from mapper.records.unique import Claim, claims_of, rewrite
from mapper.tables import LINKS
from shared.db.upsert import insert_for
from shared.events.records import Cause
from shared.events.sources import Provenance, UsersObserved
from shared.events.syncs import PageApplied, PageCounts
from shared.unit import Unit

LONGEST_SOURCE_ID = 200


async def apply_page(unit: Unit, event: UsersObserved) -> None:
    """Bring People and SaaS users up to date with one page, and tell the connector what became of each record."""
    provenance = event.provenance
    compiled = await compile_current(unit.session, provenance.integration_id)
    plan = Plan()
    candidates = _candidates(event, compiled, plan)
    known = Known(await links_of(unit.session, provenance.integration_id, event.source_ids))
    changed = [candidate for candidate in candidates if not _unchanged(candidate, known)]
    plan.counts["unchanged"] += len(candidates) - len(changed)
    await _mark_seen(unit, event, known)
    if changed:
        await _place(unit, event, Planner(compiled, provenance, known, plan), changed)
        await _write_plan(unit, event, compiled, plan)
    unit.record(
        PageApplied(
            integration_id=provenance.integration_id,
            run_id=provenance.run_id,
            page=event.page,
            counts=PageCounts(**plan.counts),
            rejections=plan.rejections,
        ),
    )


def _candidates(event: UsersObserved, compiled: Compiled, plan: Plan) -> list[Candidate]:
    """Evaluate the mapping for each record; what cannot be evaluated is rejected."""
    provenance = event.provenance
    context = Context(provenance.inputs, provenance.credential_name, event.fetched_at.isoformat())
    candidates: dict[str, Candidate] = {}
    for source_id, record in zip(event.source_ids, event.records, strict=True):
        values = _evaluated(compiled, source_id, record, context, candidates)
        if isinstance(values, Problem):
            plan.reject(source_id, values, record)
            continue
        candidates[source_id] = Candidate(source_id, record, values, _content_hash(values, compiled, provenance))
    return list(candidates.values())


def _evaluated(
    compiled: Compiled, source_id: str, record: dict[str, Any], context: Context, seen: dict[str, Candidate]
) -> dict[str, Any] | Problem:
    if not source_id or len(source_id) > LONGEST_SOURCE_ID:
        return Problem("bad_source_id", "id", "the record's id is empty or too long", "Report this to the maker of the source.")
    if source_id in seen:
        return Problem("repeated_in_page", "id", "the page holds this user twice", "Run the integration again.")
    if not compiled.sync_keys:
        return Problem("no_mapping", "mapping", "the integration has no mapping with a sync key", "Save a mapping, then run again.")
    return evaluate(compiled.targets, record, context)


def _content_hash(values: dict[str, Any], compiled: Compiled, provenance: Provenance) -> str:
    """Return the hash of everything that this record may change; fields kept out of history do not count."""
    content = {key: value for key, value in values.items() if compiled.fields[key].history}
    selection = [provenance.user_selection, str(provenance.saas_instance_id)]
    return hashlib.sha256(orjson.dumps([content, selection], option=orjson.OPT_SORT_KEYS)).hexdigest()


def _unchanged(candidate: Candidate, known: Known) -> bool:
    link = known.links.get(candidate.source_id)
    return link is not None and link.content_hash == candidate.content_hash and link.missing_since is None and link.deleted_at is None


async def _mark_seen(unit: Unit, event: UsersObserved, known: Known) -> None:
    """Note that the listing showed everybody who has a link, also those whose record is rejected or skipped."""
    if not known.links:
        return
    provenance = event.provenance
    seen = (LINKS.c.integration_id == provenance.integration_id, LINKS.c.source_id.in_(list(known.links)))
    await unit.session.execute(update(LINKS).where(*seen).values(last_run_id=provenance.run_id, last_observed_at=event.fetched_at))


async def _place(unit: Unit, event: UsersObserved, planner: Planner, changed: list[Candidate]) -> None:
    """Read what the changed records meet, then decide what becomes of each."""
    claims: set[Claim] = {claim for candidate in changed for claim in claims_of(candidate.values, planner.compiled.unique)}
    await read_more(unit.session, planner.known, event.provenance, claims, {candidate.source_id for candidate in changed})
    planner.place(changed)


async def _write_plan(unit: Unit, event: UsersObserved, compiled: Compiled, plan: Plan) -> None:
    provenance = event.provenance
    cause = Cause(
        kind="run", id=str(provenance.run_id), actor=provenance.integration_user, detail=f"{provenance.integration_name}, page {event.page}"
    )
    people, saas_users = list(plan.people.values()), list(plan.saas_users.values())
    await write(unit, "person", people, cause=cause, initial=provenance.initial)
    await rewrite(unit.session, "person", people, compiled.unique)
    await write(unit, "saas_user", saas_users, cause=cause, initial=provenance.initial)
    await _write_links(unit, event, plan)


async def _write_links(unit: Unit, event: UsersObserved, plan: Plan) -> None:
    if not plan.links:
        return
    provenance = event.provenance
    first_seen = _first_seen(unit, event)
    rows = [
        {
            "integration_id": provenance.integration_id,
            "source_id": linked.candidate.source_id,
            "person_id": linked.person_id,
            "saas_user_id": linked.saas_user_id,
            "content_hash": linked.candidate.content_hash,
            "last_run_id": provenance.run_id,
            "last_observed_at": event.fetched_at,
            "first_observed_at": event.fetched_at,
            "first_seen": first_seen,
            "missing_since": None,
            "deleted_at": None,
        }
        for linked in plan.links
    ]
    statement = insert_for(unit.session, LINKS)
    kept = {"integration_id", "source_id", "first_observed_at", "first_seen"}
    replaced = {name: statement.excluded[name] for name in rows[0] if name not in kept}
    await unit.session.execute(statement.on_conflict_do_update(index_elements=["integration_id", "source_id"], set_=replaced), rows)


def _first_seen(unit: Unit, event: UsersObserved) -> dict[str, Any]:
    provenance = event.provenance
    fetched_at: datetime = event.fetched_at
    return {
        "run_id": str(provenance.run_id),
        "page": event.page,
        "integration": provenance.integration_name,
        "provider": provenance.provider,
        "actor": provenance.integration_user,
        "fetched_at": fetched_at.isoformat(),
        "correlation_id": str(unit.correlation_id),
    }
