"""Telling what happened at a source from what only another configuration makes of it: the latter starts no workflow.

The measure is what the present configuration makes of the record that the source showed last: had it been there then, the record
would have been so before. Whatever of a change leads only so far, nobody at the source did.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession

from mapper.mappings.compiled import Compiled
from mapper.observations.keeping import held_with, observed
from mapper.pages.candidates import Candidate
from mapper.pages.comparing import Reader
from mapper.pages.drafting import SHARED_WITH_SAAS_USERS
from mapper.pages.plan import Plan
from mapper.pages.reading import Known
from mapper.records.changing import Draft
from shared.events.sources import UsersObserved


async def measured(
    session: AsyncSession,
    pages: Sequence[UsersObserved],
    changed: Sequence[list[Candidate]],
    compiled: Compiled,
    known: Known,
    *,
    zone: ZoneInfo,
) -> list[list[Candidate]]:
    """Return the candidates of each page, each with what the configuration makes of what was observed before, if that is another thing.

    One statement for all of them, and one more evaluation for each.
    """
    source_ids = [one.source_id for page in changed for one in page]
    before = await observed(session, pages[0].provenance.integration_id, source_ids) if source_ids else {}
    found = []
    for event, candidates in zip(pages, changed, strict=True):
        reader = Reader(event, compiled, zone)
        found.append([_measured(one, before.get(one.source_id), reader, compiled, known) for one in candidates])
    return found


def _measured(candidate: Candidate, before: tuple[Any, str | None] | None, reader: Reader, compiled: Compiled, known: Known) -> Candidate:
    link = known.links.get(candidate.source_id)
    if link is not None and candidate.content_hash == link.content_hash:
        # It is here for something else than what it says.
        return candidate
    if before is None:
        # Nothing is kept of what was observed before: between a flood and a start too few, the latter can be mended by hand.
        return replace(candidate, quiet=True) if link is not None and compiled.is_unsettled else candidate
    raw, held = before
    values = reader.of(raw)
    if not isinstance(values, dict) or (link is not None and link.deleted_at is not None):
        return replace(candidate, quiet=False)
    content_hash = reader.hash_of(values)
    # A link without a hash has to be asked anew, whatever was observed.
    is_same = link.content_hash in (content_hash, "") if link is not None else held == held_with(compiled, reader.provenance)
    if is_same:
        return replace(candidate, quiet=False)
    is_all = content_hash == candidate.content_hash and (link is None or link.missing_since is None)
    return replace(candidate, quiet=is_all, baseline=values)


def lay_baselines(plan: Plan, compiled: Compiled) -> None:
    """Give each draft the values that the configuration alone would have led to, where it had a part in the change."""
    for linked in plan.links:
        if linked.candidate.baseline is None:
            continue
        record = plan.people[linked.person_id]
        given = _given(linked.candidate.baseline, compiled)
        record.baseline = {**compiled.defaults, **given} if record.is_new else _differing(record, given, linked.candidate.values)
        if "person_id" in record.changes and given.get("assigned_source_id") == record.fields.get("assigned_source_id"):
            record.baseline["person_id"] = record.fields.get("person_id")
        if linked.saas_user_id is not None:
            _lay_of_saas_user(plan.saas_users[linked.saas_user_id], record, given)


def _lay_of_saas_user(saas_user: Draft, person: Draft, given: Mapping[str, Any]) -> None:
    was = (person.baseline or {}) if person.is_new else _before(person)
    before = {**was, **given}
    shared = {key: before[key] for key in SHARED_WITH_SAAS_USERS if before.get(key) is not None}
    if saas_user.is_new:
        own = {key: value for key, value in saas_user.fields.items() if key not in SHARED_WITH_SAAS_USERS and key != "returned_at"}
        saas_user.baseline = {**own, **shared}
    else:
        saas_user.baseline = _differing(saas_user, shared, person.fields)


def _before(draft: Draft) -> dict[str, Any]:
    return {**draft.fields, **{key: before for key, (before, _) in draft.changes.items()}}


def _given(values: Mapping[str, Any], compiled: Compiled) -> dict[str, Any]:
    return {key: value for key, value in values.items() if key in compiled.kept and (value is not None or key in compiled.clears)}


def _differing(draft: Draft, given: Mapping[str, Any], said: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is given where it is not what was there, of the fields that have what the source says now: others it did not write."""
    was = _before(draft)
    written = (key for key in given if key in said and _same(draft.fields.get(key), said[key]))
    return {key: given[key] for key in written if not _same(given[key], was.get(key))}


def _same(one: Any, other: Any) -> bool:
    return isinstance(one, bool) is isinstance(other, bool) and bool(one == other)
