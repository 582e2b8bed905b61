"""Weighing losses: whether a batch passes, or would cross a limit. The caller holds the scope."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, func, or_, select, union
from sqlalchemy.ext.asyncio import AsyncSession

from mapper.guard.limits import Limit, Limits
from mapper.guard.scopes import Scope
from mapper.records.listing import folded
from mapper.records.loading import portions
from mapper.tables import LINKS, LOSSES, SAAS_USERS, WITHHELD
from shared.api.guard import CrossedOut
from shared.clock import now
from shared.rules.fold import fold

ENDED = ("missing_since", "deleted_in_source_at")
"""The fields of a SaaS user that lives no more; with `deactivated`."""
YES = fold(value=True)


async def crossed(session: AsyncSession, limits: Limits, scope: Scope, records: Collection[UUID]) -> CrossedOut | None:
    """Return the limit that losing these records would cross, or None: exactly at the limit passes.

    What waits in the tray counts as if it had happened, or a flood would pass behind what was withheld of it. A record that
    was lost within the window is not counted twice; one that somebody released is not counted at all.
    """
    for limit in limits.windows:
        found = await _crossed(session, limit, scope, records)
        if found is not None:
            return found
    return None


async def _crossed(session: AsyncSession, limit: Limit, scope: Scope, records: Collection[UUID]) -> CrossedOut | None:
    since = now() - limit.window
    asked = len(set(records)) - await _counted(session, scope, since, records)
    before = await session.scalar(select(func.count()).select_from(union(_lost(scope, since), _held(scope, since)).subquery())) or 0
    if asked == 0 or before + asked <= limit.records:
        return None
    living = await session.scalar(_living(session, scope, since)) or 0
    return limit.crossed(before=before, asked=asked, living=living) if before + asked > limit.of(living) else None


async def _counted(session: AsyncSession, scope: Scope, since: datetime, records: Iterable[UUID]) -> int:
    """Return how many of these records were lost within the window: what happens to them now adds nothing."""
    found = 0
    for portion in portions(set(records)):
        theirs = _lost(scope, since).where(LOSSES.c.record_id.in_(portion)).distinct().subquery()
        found += await session.scalar(select(func.count()).select_from(theirs)) or 0
    return found


def _lost(scope: Scope, since: datetime) -> Select[tuple[UUID]]:
    return select(LOSSES.c.record_id).where(LOSSES.c.scope == scope.key, LOSSES.c.at > since, LOSSES.c.released.is_(False))


def _held(scope: Scope, since: datetime) -> Select[tuple[UUID]]:
    return select(WITHHELD.c.record_id).where(WITHHELD.c.scope == scope.key, WITHHELD.c.state == "held", WITHHELD.c.seen_at > since)


def _living(session: AsyncSession, scope: Scope, since: datetime) -> Select[int]:
    """Count who lived at the window's start, newcomers included: those who live, and those who were lost since."""
    lost = _lost(scope, since)
    if scope.kind == "integration":
        theirs = and_(LINKS.c.integration_id == scope.id, LINKS.c.saas_user_id.is_(None))
        lives = and_(LINKS.c.missing_since.is_(None), LINKS.c.deleted_at.is_(None))
        records = func.coalesce(LINKS.c.person_id, LINKS.c.asset_id)
        return select(func.count(records.distinct())).where(theirs, or_(lives, records.in_(lost)))
    lives = and_(*_of_the_living(session))
    return select(func.count()).where(SAAS_USERS.c.saas_instance_id == scope.id, or_(lives, SAAS_USERS.c.id.in_(lost)))


def _of_the_living(session: AsyncSession) -> Sequence[ColumnElement[bool]]:
    empty = [folded(session, "saas_user", key).is_(None) for key in ENDED]
    return [*empty, func.coalesce(folded(session, "saas_user", "deactivated"), "") != YES]
