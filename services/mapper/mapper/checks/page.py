"""Checking a real page: planned as a run would plan it, and nothing of it is written."""

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from mapper.checks.findings import Group, Reason, Seen, findings_of
from mapper.checks.roles import unknown_roles
from mapper.mappings.compiled import Compiled
from mapper.mappings.evaluate import Context, Evaluation, Problem
from mapper.mappings.mappings import gaps
from mapper.mappings.versions import version_of
from mapper.matching.keys import claims_in
from mapper.pages.applying import planned
from mapper.pages.comparing import usable
from mapper.pages.reading import Known, links_of
from mapper.plans.staging import items_of
from shared.api.checks import CheckExample, CheckIn, CheckOut
from shared.api.plans import PlanAction
from shared.clock import now
from shared.events.sources import UsersObserved
from shared.unit import Unit

MOST_EXAMPLES = 3


async def check_page(unit: Unit, given: CheckIn) -> CheckOut:
    """Return what would become of the records, and what speaks against launching."""
    provenance = given.provenance
    compiled: Compiled = await unit.parts.compiled.current(unit.session, provenance.integration_id)
    event = UsersObserved(provenance=provenance, page=1, fetched_at=now(), source_ids=given.source_ids, records=given.records)
    seen_ids = list(dict.fromkeys(source_id for source_id in event.source_ids if usable(source_id)))
    known = Known(await links_of(unit.session, provenance.integration_id, seen_ids))
    prints: dict[str, str] = {}
    [(_, plan)] = await planned(unit, [event], compiled, known, prints=prints)
    items = list(items_of(plan, prints, compiled.object_type))
    seen = await _seen(unit.session, event, compiled, items)
    found = findings_of(seen, await gaps(unit.session, provenance.integration_id, provenance.object_type))
    return CheckOut(
        scope="page",
        mapping_version=compiled.version,
        records=seen.records,
        actions=dict(seen.actions),
        examples=_examples(items),
        findings=found,
        finds_by=(await version_of(unit.session, provenance.integration_id, compiled.version)).finds_by,
        launchable=all(finding.severity == "warns" for finding in found),
    )


async def _seen(session: AsyncSession, event: UsersObserved, compiled: Compiled, items: Iterable[dict[str, Any]]) -> Seen:
    actions: dict[PlanAction, int] = {}
    rejected: dict[Reason, Group] = {}
    for item in items:
        actions[item["action"]] = actions.get(item["action"], 0) + 1
        if (problem := item["problem"]) is not None:
            reason = Reason(problem["code"], problem["field"] or "", problem["message"], problem["remedy"] or "")
            rejected.setdefault(reason, Group()).add(item["source_id"])
    values = dict(_values(event, compiled))
    keyless = Group()
    roles: dict[str, Group] = {}
    for source_id, found in values.items():
        if compiled.sync_keys and not claims_in(compiled.sync_keys, found):
            keyless.add(source_id)
        if (role := found.get("role")) is not None:
            roles.setdefault(role, Group()).add(source_id)
    filled = {key for found in values.values() for key, value in found.items() if value is not None}
    never = [target.key for target in compiled.targets if values and target.key not in filled]
    return Seen(actions, rejected, keyless, never, await unknown_roles(session, roles))


def _values(event: UsersObserved, compiled: Compiled) -> Iterable[tuple[str, Mapping[str, Any]]]:
    """Give the values of each record that can be evaluated, whatever becomes of it."""
    provenance = event.provenance
    evaluation = Evaluation(compiled.targets, Context(provenance.inputs, provenance.credential_name, event.fetched_at.isoformat()))
    for source_id, record in zip(event.source_ids, event.records, strict=True):
        values = evaluation.of(record)
        if not isinstance(values, Problem):
            yield source_id, values


def _examples(items: Iterable[dict[str, Any]]) -> dict[PlanAction, list[CheckExample]]:
    examples: dict[PlanAction, list[CheckExample]] = {}
    for item in items:
        some = examples.setdefault(item["action"], [])
        if len(some) < MOST_EXAMPLES:
            message = None if item["problem"] is None else item["problem"]["message"]
            some.append(CheckExample(source_id=item["source_id"], changes=item["changes"], message=message))
    return examples
