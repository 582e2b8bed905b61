"""Why a record of a source is not there: held back by a filter, the preference or a conflict, rejected, gone, or never seen."""

from typing import Any
from uuid import UUID

from sqlalchemy import Row, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from mapper.matching.conflict import REMEDY
from mapper.matching.listing import NEXT
from mapper.tables import FILTERED, HELD_BACK, LINKS, MATCH_CONFLICTS, WITHHELD
from mapper.why.authority import held_values
from shared.api.filters import FilterReason
from shared.api.history import HeldBackOut, WhyNotOut

NEVER_SEEN = "Run the integration with what it reads now, and look whether its user selection covers this user."


async def why_not(session: AsyncSession, integration_id: UUID, source_id: str) -> WhyNotOut:
    """Say what became of a record that a source has under this id."""
    mine = (LINKS.c.source_id == source_id, LINKS.c.integration_id == integration_id)
    link = (await session.execute(select(LINKS).where(*mine))).one_or_none()
    told: dict[str, Any] = {"integration_id": integration_id, "source_id": source_id}
    if link is not None:
        told |= {"person_id": link.person_id, "saas_user_id": link.saas_user_id, "withheld": await _withheld(session, link)}
    held = (
        await session.execute(select(HELD_BACK).where(HELD_BACK.c.source_id == source_id, HELD_BACK.c.integration_id == integration_id))
    ).one_or_none()
    if held is not None:
        as_held = _held_back(told, held, link)
        return await _as_decided(session, as_held, link) if held.kind in {"conflict", "ignored"} else as_held
    filtered = await _filtered(session, integration_id, source_id)
    if filtered is not None and (link is None or filtered.fetched_at >= link.last_observed_at):
        return _by_filter(told, filtered, link)
    if link is None:
        return _unknown(told)
    return _linked(told, link).model_copy(update={"held_values": await held_values(session, link)})


def _held_back(told: dict[str, Any], held: Row[Any], link: Row[Any] | None) -> WhyNotOut:
    return WhyNotOut(
        **told,
        state=held.kind,
        code=held.code,
        says=f"{_not_written(link)}: {held.reason['message']}",
        remedy=held.reason["remedy"],
        field=held.reason["field"],
        looked_for=held.reason.get("looked_for", {}),
        **{name: getattr(held, name) for name in ("since", "run_id", "page", "mapping_version")},
    )


async def _as_decided(session: AsyncSession, held: WhyNotOut, link: Row[Any] | None) -> WhyNotOut:
    """Return what a run said of a conflict as it stands today: it may have been settled, or reopened, since."""
    theirs = (MATCH_CONFLICTS.c.source_id == held.source_id, MATCH_CONFLICTS.c.integration_id == held.integration_id)
    found = (await session.execute(select(MATCH_CONFLICTS).where(*theirs))).one_or_none()
    if found is None:
        return held
    today: dict[str, Any] = {"conflict_id": found.id}
    if found.state == "open":
        today |= {"state": "conflict", "code": "match_conflict", "says": f"{_not_written(link)}: {found.message}", "remedy": REMEDY}
    elif held.state == "conflict":
        today["remedy"] = f"It is settled: {NEXT[found.decision]}; to follow at once, replay the error of its run."
    return held.model_copy(update=today)


def _not_written(link: Row[Any] | None) -> str:
    return "what it says now was not written" if link is not None else "it was not written"


def _by_filter(told: dict[str, Any], filtered: Row[Any], link: Row[Any] | None) -> WhyNotOut:
    return WhyNotOut(
        **told,
        state="filtered",
        says=f"{_not_written(link)}: it does not meet the integration's filter",
        remedy="Change the filter of the mapping, or the record at the source.",
        filter_reasons=[FilterReason.model_validate(reason) for reason in filtered.reasons],
        since=filtered.fetched_at,
        **{name: getattr(filtered, name) for name in ("run_id", "page", "mapping_version")},
    )


def _linked(told: dict[str, Any], link: Row[Any]) -> WhyNotOut:
    if link.deleted_at is not None:
        return WhyNotOut(**told, state="deleted", says="it was deleted at the source", since=link.deleted_at, run_id=link.last_run_id)
    if link.missing_since is not None:
        says = "the source has it no longer: it was missing from a complete listing, and asked for in vain"
        return WhyNotOut(**told, state="missing", says=says, since=link.missing_since, run_id=link.last_run_id)
    return WhyNotOut(**told, state="there", says="it is there", since=link.first_observed_at, run_id=link.last_run_id)


def _unknown(told: dict[str, Any]) -> WhyNotOut:
    says = "no run has written a record with this id, and no reason is kept: it was not seen, or a filter held back more than are kept"
    return WhyNotOut(**told, state="unknown", says=says, remedy=NEVER_SEEN)


async def _filtered(session: AsyncSession, integration_id: UUID, source_id: str) -> Row[Any] | None:
    theirs = (FILTERED.c.integration_id == integration_id, FILTERED.c.source_id == source_id)
    return (await session.execute(select(FILTERED).where(*theirs).order_by(FILTERED.c.fetched_at.desc()).limit(1))).one_or_none()


async def _withheld(session: AsyncSession, link: Row[Any]) -> list[HeldBackOut]:
    of_it = or_(WITHHELD.c.record_id == link.person_id, WITHHELD.c.record_id == link.saas_user_id)
    rows = await session.execute(select(WITHHELD).where(of_it, WITHHELD.c.state == "held").order_by(WITHHELD.c.id))
    return [HeldBackOut(id=row.id, kind=row.kind, held_at=row.held_at, crossed=row.crossed) for row in rows]
