"""What is spent now, and what a full run of an integration would cost."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from typing import cast
from uuid import UUID

from connector.integrations.access import access_for
from connector.rates.budget import spent_by_scope
from connector.rates.forecast import forecast
from connector.rates.lane import urgent
from connector.rates.limits import Policy, Spent
from connector.rates.pace import asked_again, seconds_a_page
from connector.rates.policy import POLICIES
from connector.scope import Parts
from connector.sources.base import Counted, CountingSource
from shared.api.rates import BudgetOut, ForecastOut, LimitOut
from shared.errors import Invalid


class NotCountable(Invalid):
    """The source cannot say how much there is without listing it."""

    code = "not_countable"


async def budgets(parts: Parts) -> list[BudgetOut]:
    """Return what each scope has spent, by scope."""
    async with parts.database.reading() as session:
        found = await spent_by_scope(session)
    moment = parts.rates.timing.clock()
    return [_shown(scope, POLICIES[parts.settings.rate_policy], spent, moment) for scope, spent in found.items()]


async def forecast_of(parts: Parts, integration_id: UUID) -> ForecastOut:
    """Return what a full run would cost now. Raises `IntegrationIncomplete`, `NotCountable`, and what the source raises."""
    source, access = await access_for(parts, integration_id)
    if not hasattr(source, "count"):
        message = f"{source.manifest.key} cannot say how much there is without listing it"
        raise NotCountable(message, remedy="Run it once; the run shows how many requests it took.")
    with urgent():
        counted = await cast("CountingSource", source).count(access)
    async with parts.database.reading() as session:
        found = await spent_by_scope(session)
        each = await seconds_a_page(session, integration_id)
        questions = await asked_again(session, integration_id)
    asked = _with_questions(counted, questions)
    told = await asyncio.to_thread(_summed, POLICIES[parts.settings.rate_policy], asked, found, parts.rates.timing.clock(), each)
    return told.model_copy(update={"questions": questions})


def _with_questions(counted: list[Counted], questions: int) -> list[Counted]:
    """Put them where most people are: which tenant each would be asked for in is not known before."""
    most = max(counted, key=lambda one: one.records, default=None)
    return [replace(one, requests=one.requests + questions) if one is most else one for one in counted]


def _summed(policy: Policy, counted: list[Counted], found: dict[str, Spent], moment: float, each: float | None) -> ForecastOut:
    """Tenants are read one after the other, each with limits of its own. `each`: seconds a page, if an earlier run shows it."""
    costs = [forecast(policy, found.get(one.scope, Spent()), moment, one.requests, each or one.seconds) for one in counted]
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
