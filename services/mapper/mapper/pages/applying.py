"""Applying one page of observations, in the transaction of its event, with a number of statements that does not grow with the page."""

import hashlib
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import Row, update

from mapper.fields.values import is_storable
from mapper.guard.tray import seen_again
from mapper.mappings.compiled import Compiled
from mapper.mappings.evaluate import Context, Evaluation, Problem
from mapper.pages.linking import write_links
from mapper.pages.planning import Candidate, Plan, Planner
from mapper.pages.reading import Known, links_of, read_more
from mapper.records.changing import write
from mapper.records.unique import Claim, claims_of, rewrite
from mapper.tables import LINKS
from shared.clock import now
from shared.events.records import Cause
from shared.events.sources import Provenance, UsersObserved
from shared.events.syncs import PageApplied, PageCounts
from shared.observability.logging import get_logger
from shared.unit import Unit

log = get_logger(__name__)

LONGEST_SOURCE_ID = 200


async def apply_page(unit: Unit, event: UsersObserved) -> None:
    """Bring People and SaaS users up to date with one page, and tell the connector what became of each record."""
    provenance = event.provenance
    compiled: Compiled = await unit.parts.compiled.current(unit.session, provenance.integration_id)
    plan = Plan()
    seen = list(dict.fromkeys(source_id for source_id in event.source_ids if _usable(source_id)))
    known = Known(await links_of(unit.session, provenance.integration_id, seen))
    await _mark_seen(unit, event, known)
    changed = list(_changed(event, compiled, known, plan))
    if changed:
        claims: set[Claim] = {claim for candidate in changed for claim in candidate.claims}
        await read_more(unit.session, known, provenance, claims, {candidate.source_id for candidate in changed})
        Planner(compiled, provenance, known, plan, now()).place(changed)
        await _write(unit, event, compiled, known, plan)
    _tell(unit, event, plan)


def _tell(unit: Unit, event: UsersObserved, plan: Plan) -> None:
    integration_id, run_id = event.provenance.integration_id, event.provenance.run_id
    counts = PageCounts(**plan.counts)
    unit.record(PageApplied(integration_id=integration_id, run_id=run_id, page=event.page, counts=counts, rejections=plan.rejections))
    told = {name: count for name, count in plan.counts.items() if count}
    log.info("page_applied", integration_id=str(integration_id), run_id=str(run_id), page=event.page, **told)


def _changed(event: UsersObserved, compiled: Compiled, known: Known, plan: Plan) -> Iterator[Candidate]:
    """Evaluate the mapping for each record; give those that say something new, count the others, reject what cannot be evaluated."""
    provenance = event.provenance
    evaluation = Evaluation(compiled.targets, Context(provenance.inputs, provenance.credential_name, event.fetched_at.isoformat()))
    salt = orjson.dumps([provenance.user_selection, provenance.saas_instance_id])
    told: set[str] = set()
    for source_id, record in zip(event.source_ids, event.records, strict=True):
        if _is_outdated(known.links.get(source_id), event):
            plan.counts["unchanged"] += 1
            continue
        values = _problem_of(source_id, told, compiled) or evaluation.of(record)
        told.add(source_id)
        if isinstance(values, Problem):
            plan.reject(source_id, values, record)
            continue
        content_hash = _content_hash(values, compiled, salt)
        if _says_nothing_new(known.links.get(source_id), content_hash, event.fetched_at):
            plan.counts["unchanged"] += 1
        else:
            yield Candidate(source_id, record, values, tuple(claims_of(values, compiled.unique)), content_hash)


def _is_outdated(link: Row[Any] | None, event: UsersObserved) -> bool:
    """Return whether a record that is told again is older than what was observed of its user since."""
    return event.provenance.replayed and link is not None and event.fetched_at < link.last_observed_at


def _usable(source_id: str) -> bool:
    return 0 < len(source_id) <= LONGEST_SOURCE_ID and is_storable(source_id)


def _problem_of(source_id: str, told: set[str], compiled: Compiled) -> Problem | None:
    if not _usable(source_id):
        return Problem("bad_source_id", "id", "the record's id is empty, too long or unreadable", "Report this to the maker of the source.")
    if source_id in told:
        return Problem("repeated_in_page", "id", "the page holds this user twice", "Run the integration again.")
    if not compiled.sync_keys:
        return Problem("no_mapping", "mapping", "the integration has no mapping with a sync key", "Save a mapping, then run again.")
    return None


def _content_hash(values: dict[str, Any], compiled: Compiled, salt: bytes) -> str:
    """Return the hash of everything that this record may change: no version of a mapping, and nothing that is empty."""
    content = {key: value for key, value in values.items() if value is not None and key in compiled.kept}
    return hashlib.blake2b(salt + orjson.dumps(content, option=orjson.OPT_SORT_KEYS), digest_size=32).hexdigest()


def _says_nothing_new(link: Row[Any] | None, content_hash: str, fetched_at: datetime) -> bool:
    """Return whether a record says what it said before, or was fetched before its user was seen to be gone."""
    if link is None:
        return False
    gone_at = link.deleted_at or link.missing_since
    return bool(link.content_hash == content_hash if gone_at is None else fetched_at <= gone_at)


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
    await unit.session.execute(update(LINKS).where(*seen).values(last_run_id=provenance.run_id, last_observed_at=event.fetched_at))


async def _write(unit: Unit, event: UsersObserved, compiled: Compiled, known: Known, plan: Plan) -> None:
    provenance = event.provenance
    cause = _cause(provenance, event.page)
    people, saas_users = list(plan.people.values()), list(plan.saas_users.values())
    await write(unit, "person", people, cause=cause, untold=compiled.untold, initial=provenance.initial)
    await rewrite(unit.session, "person", people, compiled.unique)
    await write(unit, "saas_user", saas_users, cause=cause, untold=compiled.untold_of_saas_users, initial=provenance.initial)
    await write_links(unit, event, known, plan)


def _cause(provenance: Provenance, page: int) -> Cause:
    detail = f"{provenance.integration_name}, page {page}"
    return Cause(kind="run", id=str(provenance.run_id), actor=provenance.integration_user, detail=detail)
