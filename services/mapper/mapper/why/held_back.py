"""Who is held back: rejected, in conflict, ignored, kept out by a preference, or put away with its person; each with the last reason."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import delete, exists, select
from sqlalchemy.ext.asyncio import AsyncSession

from mapper.mappings.compiled import Compiled
from mapper.matching.conflict import IGNORED
from mapper.pages.comparing import usable
from mapper.pages.plan import PUT_AWAY, Plan
from mapper.records.many import among, put
from mapper.tables import HELD_BACK
from shared.clock import now
from shared.events.sources import Provenance, UsersObserved

PREFERENCES: Mapping[str, tuple[str, str, str]] = {
    "update_only": ("preference_update_only", "no person has its sync key, and the integration only updates", "create and update"),
    "create_only": ("preference_create_only", "its person is there already, and the integration only creates", "create and update"),
}
"""By preference: the code, what it means, and what to set it to."""
REPLACED = ("kind", "code", "reason", "run_id", "page", "mapping_version", "since")


async def keep_held_back(session: AsyncSession, planned: Sequence[tuple[UsersObserved, Plan]], compiled: Compiled) -> None:
    """Keep why records of one run's pages were not written, and forget the reasons of those that were.

    Who is held back for the same reason as before is not written again: `since` says from when on it was so.
    """
    rows = {row["source_id"]: row for event, plan in planned for row in _rows(event, compiled, plan)}
    shown = dict.fromkeys(source_id for event, _ in planned for source_id in event.source_ids)
    integration_id = planned[0][0].provenance.integration_id
    await _forget(session, integration_id, [one for one in shown if usable(one) and one not in rows])
    await put(session, HELD_BACK, list(rows.values()), replacing=REPLACED, where_other=("code", "mapping_version"))


def _rows(event: UsersObserved, compiled: Compiled, plan: Plan) -> Iterator[dict[str, Any]]:
    common = {
        "integration_id": event.provenance.integration_id,
        "run_id": event.provenance.run_id,
        "page": event.page,
        "mapping_version": compiled.version,
        "since": now(),
    }
    for rejection in plan.rejections:
        if usable(rejection.source_id):
            reason = {"message": rejection.message, "field": rejection.field, "remedy": rejection.remedy}
            kind = "conflict" if rejection.source_id in plan.conflicts else "rejected"
            yield {**common, "source_id": rejection.source_id, "kind": kind, "code": rejection.code, "reason": reason}
    for source_id in plan.ignored:
        reason = {"message": IGNORED.message, "field": None, "remedy": IGNORED.remedy}
        yield {**common, "source_id": source_id, "kind": "ignored", "code": IGNORED.code, "reason": reason}
    for source_id in plan.put_away:
        reason = {"message": PUT_AWAY.message, "field": None, "remedy": PUT_AWAY.remedy}
        yield {**common, "source_id": source_id, "kind": "put_away", "code": PUT_AWAY.code, "reason": reason}
    said = {key.name: " and ".join(key.fields) for key in compiled.sync_keys}
    skipped = {candidate.source_id: candidate.keys for candidate in plan.skipped} | dict.fromkeys(plan.skipped_when_planned, ())
    for source_id, keys in skipped.items():
        code, reason = _of_preference(event.provenance)
        looked_for = {said[name]: value for name, value in keys}
        yield {**common, "source_id": source_id, "kind": "preference", "code": code, "reason": {**reason, "looked_for": looked_for}}


def _of_preference(provenance: Provenance) -> tuple[str, dict[str, Any]]:
    code, message, instead = PREFERENCES[provenance.preference]
    return code, {"message": message, "field": None, "remedy": f"Set the integration's preference to {instead}, then run it again."}


async def _forget(session: AsyncSession, integration_id: UUID, source_ids: list[str]) -> None:
    # Nearly always nobody is held back: to ask for that costs less than to look for a page's ids.
    if not source_ids or not await session.scalar(select(exists().where(HELD_BACK.c.integration_id == integration_id))):
        return
    theirs = (among(session, HELD_BACK.c.source_id, "source_ids"), HELD_BACK.c.integration_id == integration_id)
    await session.execute(delete(HELD_BACK).where(*theirs), {"source_ids": source_ids})
