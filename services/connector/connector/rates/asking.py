"""What is spent now, and what a full run of an integration would cost."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from typing import cast
from uuid import UUID

from connector.integrations.access import access_for
from connector.integrations.integrations import stored_integration
from connector.rates.budget import spent_by_scope
from connector.rates.forecast import forecast
from connector.rates.lane import urgent
from connector.rates.limits import Policy, Spent
from connector.rates.pace import asked_again, seconds_a_page, seconds_of_storing, taken_before
from connector.rates.policy import POLICIES, own_policy
from connector.runs.watermarks import watermarks
from connector.scope import Parts
from connector.sources.base import Access, Counted, CountingSource, LimitedSource, Source
from shared.api.rates import BudgetOut, ForecastKind, ForecastOut, LimitOut
from shared.errors import Invalid


class NotCountable(Invalid):
    """The source cannot say how much there is without listing it."""

    code = "not_countable"


async def budgets(parts: Parts) -> list[BudgetOut]:
    """Return what each scope has spent, by scope."""
    async with parts.database.reading() as session:
        found = await spent_by_scope(session)
    moment = parts.rates.timing.clock()
    return [_shown(scope, _policy(parts, spent.per_minute), spent, moment) for scope, spent in found.items()]


async def forecast_of(parts: Parts, integration_id: UUID, kind: ForecastKind = "full") -> ForecastOut:
    """Return what a run would cost now.

    Raises `IntegrationIncomplete`, `NotCountable`, what the source raises, and what asking for a quick run would.
    """
    source, access = await access_for(parts, integration_id)
    since = await _since(parts, integration_id) if kind == "quick" else None
    counts = hasattr(source, "count")
    with urgent():
        if counts:
            counted = await cast("CountingSource", source).count(access, since)
        else:
            counted = await _as_before(parts, integration_id, source, access)
    async with parts.database.reading() as session:
        found = await spent_by_scope(session)
        each = await seconds_a_page(session, integration_id)
        storing = await seconds_of_storing(session)
        # What a run took before holds its questions already.
        questions = await asked_again(session, integration_id) if kind == "full" and counts else 0
    asked = [replace(one, seconds=each or one.seconds + storing) for one in _with_questions(counted, questions)]
    told = await asyncio.to_thread(_summed, [_policy(parts, one.per_minute) for one in asked], asked, found, parts.rates.timing.clock())
    return told.model_copy(update={"kind": kind, "questions": questions})


async def _since(parts: Parts, integration_id: UUID) -> dict[str, datetime]:
    """Return from when on a quick run would read each part. Raises `FullRunNeeded`, also where none can tell who changed lately."""
    async with parts.database.reading() as session:
        stored = await stored_integration(session, integration_id)
        return await watermarks(session, integration_id, stored.row.name)


async def _as_before(parts: Parts, integration_id: UUID, source: Source, access: Access) -> list[Counted]:
    """Return what the last full run took, of a source that cannot be asked. Raises `NotCountable` without one."""
    async with parts.database.reading() as session:
        took = await taken_before(session, integration_id)
    if took is None:
        message = f"{source.manifest.key} cannot say how much there is without listing it"
        raise NotCountable(
            message, remedy="Run it once; the run shows how many requests it took, and the next forecast takes it from there."
        )
    records, requests = took
    scope, per_minute = cast("LimitedSource", source).limit(access) if hasattr(source, "limit") else (source.manifest.key, None)
    return [Counted(records, requests, scope, 0.0, per_minute)]


def _policy(parts: Parts, per_minute: int | None) -> Policy:
    return POLICIES[parts.settings.rate_policy] if per_minute is None else own_policy(per_minute)


def _with_questions(counted: list[Counted], questions: int) -> list[Counted]:
    """Put them where most people are: which tenant each would be asked for in is not known before."""
    most = max(counted, key=lambda one: one.records, default=None)
    return [replace(one, requests=one.requests + questions) if one is most else one for one in counted]


def _summed(policies: list[Policy], counted: list[Counted], found: dict[str, Spent], moment: float) -> ForecastOut:
    """Tenants are read one after the other, each with limits of its own."""
    costs = [
        forecast(policy, found.get(one.scope, Spent()), moment, one.requests, one.seconds)
        for policy, one in zip(policies, counted, strict=True)
    ]
    left = [cost.hour_left for cost in costs if cost.hour_left is not None]
    return ForecastOut(
        records=sum(one.records for one in counted),
        requests=sum(cost.requests for cost in costs),
        minutes=round(sum(cost.seconds for cost in costs) / 60, 3),
        hour_left_percent=round(100 * min(left), 1) if left else None,
        scopes=len(counted),
    )


def _shown(scope: str, policy: Policy, spent: Spent, moment: float) -> BudgetOut:
    buckets = [LimitOut(name=one.name, free=round(one.level(spent, moment), 1), most=one.capacity) for one in policy.buckets]
    windows = [
        LimitOut(name=one.name, free=one.permits - sum(one.counted(spent, moment).values()), most=one.permits) for one in policy.windows
    ]
    closed = datetime.fromtimestamp(spent.closed_until, UTC) if spent.closed_until > moment else None
    return BudgetOut(scope=scope, limits=buckets + windows, closed_until=closed)
