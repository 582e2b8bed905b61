"""Staging: writing down what a page would do, instead of doing it."""

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from mapper.fields.values import storable, unique_key
from mapper.mappings.compiled import Compiled
from mapper.matching.conflict import IGNORED
from mapper.matching.keys import claims_in
from mapper.pages.candidates import Linked
from mapper.pages.claiming import written_claims
from mapper.pages.plan import PUT_AWAY, Plan
from mapper.plans.plans import begun
from mapper.records.changing import Draft
from mapper.records.many import put
from mapper.records.unique import Claim
from mapper.tables import PLAN_CLAIMS, PLAN_ITEMS
from shared.api.mappings import MappedType
from shared.events.sources import UsersObserved
from shared.events.syncs import PageStaged
from shared.unit import Unit


async def stage(unit: Unit, event: UsersObserved, compiled: Compiled, plan: Plan, prints: dict[str, str]) -> None:
    """Keep each record of a page with what would become of it; a run that writes tells the connector that it waits."""
    provenance = event.provenance
    row = await begun(unit.session, provenance, compiled.version)
    common = {"run_id": provenance.run_id, "page": event.page, "fetched_at": event.fetched_at, "outcome": None}
    items = [{**common, "place": place, **item} for place, item in enumerate(items_of(plan, prints, compiled.object_type))]
    await put(unit.session, PLAN_ITEMS, items)
    claims = [
        {"run_id": provenance.run_id, "value": value, "field": key, "record_id": record_id, "source_id": source_id}
        for (key, value), (record_id, source_id) in claims_of_plan(plan, compiled).items()
    ]
    await put(unit.session, PLAN_CLAIMS, claims, replacing=("record_id", "source_id"))
    if provenance.mode == "apply":
        told = {"records": len(items), "would_update": plan.counts["updated"], "existing": row.existing}
        unit.record(PageStaged(integration_id=provenance.integration_id, run_id=provenance.run_id, page=event.page, **told))


def items_of(plan: Plan, prints: dict[str, str], object_type: MappedType) -> Iterator[dict[str, Any]]:
    """Give each record of a page with what would become of it."""
    for linked in plan.links:
        yield _of_linked(linked, plan, prints, object_type)
    for candidate in plan.skipped:
        yield _item(candidate.source_id, "skip")
    for source_id in plan.put_away:
        yield {**_item(source_id, "skip"), "problem": asdict(PUT_AWAY)}
    for source_id in plan.ignored:
        yield {**_item(source_id, "skip"), "problem": asdict(IGNORED)}
    for source_id, _ in plan.filtered:
        yield _item(source_id, "filter")
    for rejection in plan.rejections:
        problem: dict[str, Any] = {
            "code": rejection.code,
            "message": rejection.message,
            "field": rejection.field,
            "remedy": rejection.remedy,
        }
        if (candidates := plan.conflicts.get(rejection.source_id)) is not None:
            problem["candidates"] = [one.written() for one in candidates]
        yield {**_item(rejection.source_id, "reject"), "problem": problem, "record": rejection.record}
    for source_id in plan.unchanged:
        yield _item(source_id, "unchanged")


def _item(source_id: str, action: str) -> dict[str, Any]:
    return {
        "source_id": storable(source_id)[:200],
        "action": action,
        "person_id": None,
        "saas_user_id": None,
        "asset_id": None,
        "changes": {},
        "problem": None,
        "proof": None,
        "record": None,
        "fingerprint": None,
    }


def _of_linked(linked: Linked, plan: Plan, prints: dict[str, str], object_type: MappedType) -> dict[str, Any]:
    person = plan.people[linked.person_id]
    saas_user = None if linked.saas_user_id is None else plan.saas_users[linked.saas_user_id]
    told = person.is_told or (saas_user is not None and saas_user.is_told)
    action = "create" if person.is_new else "update" if told else "unchanged"
    return {
        **_item(linked.candidate.source_id, action),
        f"{object_type}_id": None if person.is_new else person.id,
        "saas_user_id": None if saas_user is None or saas_user.is_new else saas_user.id,
        "changes": {object_type: person.changes, **({} if saas_user is None else {"saas_user": _shown(saas_user, person)})},
        "record": storable(linked.candidate.record),
        "fingerprint": prints[linked.candidate.source_id],
    }


def _shown(saas_user: Draft, person: Draft) -> dict[str, tuple[Any, Any]]:
    """Return the changes of a SaaS user, without the id of a person who may never be created under it."""
    return {key: change for key, change in saas_user.changes.items() if not (key == "person_id" and person.is_new)}


def claims_of_plan(plan: Plan, compiled: Compiled) -> dict[Claim, tuple[UUID | None, str]]:
    """Return who would have which unique value; None: nobody any more."""
    given_up: dict[Claim, tuple[UUID | None, str]] = {}
    taken: dict[Claim, tuple[UUID | None, str]] = {}
    for linked in plan.links:
        person, candidate = plan.people[linked.person_id], linked.candidate
        given_up |= dict.fromkeys(_left(person, compiled), (None, candidate.source_id))
        taken |= dict.fromkeys(written_claims(candidate, person, compiled), (person.id, candidate.source_id))
        if compiled.match_keys:
            before = {key: change[0] for key, change in person.changes.items()}
            given_up |= dict.fromkeys(claims_in(compiled.match_keys, person.fields | before), (None, candidate.source_id))
            taken |= dict.fromkeys(claims_in(compiled.match_keys, person.fields), (person.id, candidate.source_id))
    return given_up | taken


def _left(person: Draft, compiled: Compiled) -> Iterator[Claim]:
    for key in compiled.unique:
        before = person.changes.get(key, (None, None))[0]
        if before not in (None, ""):
            yield key, unique_key(before)


def missing_item(link: Row[Any], proof: dict[str, Any], fingerprint: str) -> dict[str, Any]:
    """Return the item of a user who is proven absent."""
    ids = {"person_id": link.person_id, "saas_user_id": link.saas_user_id, "asset_id": link.asset_id}
    return {**_item(link.source_id, "missing"), "proof": proof, "fingerprint": fingerprint, **ids}
